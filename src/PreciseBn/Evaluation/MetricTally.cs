using PreciseBn.Batches;
using PreciseBn.Native;
using static TorchSharp.torch;

namespace PreciseBn.Evaluation;

/// <summary>
/// The average of a metric of the user's: of numbers of samples, each with the weight 1, or of numbers of batches, each with the weight of
/// its samples. Its error is that of a weighted mean, from how far these numbers are from it.
/// </summary>
/// <param name="model">The model, for messages.</param>
/// <param name="metric">The metric.</param>
internal sealed class MetricTally(string model, Func<Tensor, Tensor?, IReadOnlyList<double>> metric)
{
    private readonly ForeignCode _foreign = new();
    private long _numbers;
    private double _origin;
    private double _weights;
    private double _sum;
    private double _squaredWeights;
    private double _squaredWeightsBySum;
    private double _squaredWeightsBySquares;

    /// <summary>Number of samples.</summary>
    public long Samples { get; private set; }

    public double Mean => _origin + (_sum / _weights);

    /// <summary>The standard error; <c>null</c> of one number.</summary>
    public double? Error
    {
        get
        {
            var mean = _sum / _weights;
            var squares = _squaredWeightsBySquares - (2 * mean * _squaredWeightsBySum) + (mean * mean * _squaredWeights);
            return _numbers > 1 ? Math.Sqrt(Math.Max(0, squares) * _numbers / (_numbers - 1)) / _weights : null;
        }
    }

    /// <summary>Measures what a model returns for a batch.</summary>
    public void Add(Tensor output, Batch batch, long index)
    {
        var items = batch.ItemCount;
        var labels = batch.Labels;
        var numbers = _foreign.Run(
            () => metric(OnHost(output), labels is null ? null : ForeignCode.Give(labels)), () => ForeignCode.BytesOf([output]));
        if (numbers.Count != 1 && numbers.Count != items)
            throw EvaluationErrors.WrongMetricCount(batch.Describe(index), numbers.Count, items);
        foreach (var number in numbers)
        {
            if (!double.IsFinite(number))
                throw EvaluationErrors.MetricNotFinite(model, batch.Describe(index), number);
            Add(number, (double)items / numbers.Count);
        }
        Samples += items;
    }

    private static Tensor OnHost(Tensor output)
    {
        using var scope = NewDisposeScope();
        return ForeignCode.Give(output.cpu());
    }

    // Counted from the first number, so that squares of numbers that are far from 0 lose no digits.
    private void Add(double number, double weight)
    {
        if (_numbers++ == 0)
            _origin = number;
        var (delta, squaredWeight) = (number - _origin, weight * weight);
        _weights += weight;
        _sum += weight * delta;
        _squaredWeights += squaredWeight;
        _squaredWeightsBySum += squaredWeight * delta;
        _squaredWeightsBySquares += squaredWeight * delta * delta;
    }
}
