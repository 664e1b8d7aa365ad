using System.Globalization;
using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Evaluation;

/// <summary>Judges models by labels, or by a metric of the user's.</summary>
/// <inheritdoc/>
internal sealed class AccuracyEvaluator(
    IReadOnlyList<IModelSource> models, IBatchSource data, AccuracyOptions options, Action<int, PreciseBnException> onFailed, IProgress<MeasureProgress>? progress)
    : Evaluator<BnAccuracy>(models, data, options, onFailed, progress)
{
    protected override Candidate<BnAccuracy> Load(IModelSource model, Device device) =>
        new AccuracyCandidate(model, model.LoadToRun(options, device), device, options.Metric);

    protected override IBatchSource Fit(IBatchSource batches, SizeRange accepted) => FittedBatches.Resize(batches, accepted);

    // What is wrong with the labels is wrong for all models.
    protected override void Require(Batch batch, long index)
    {
        if (options.Metric is null)
            _ = ClassLabels.Of(batch, index);
    }
}

/// <summary>A model that is judged by labels, or by a metric of the user's.</summary>
/// <param name="source">The model.</param>
/// <param name="running">The same, ready to run.</param>
/// <param name="device">Where it runs.</param>
/// <param name="metric">What is measured in place of accuracy, if anything.</param>
internal sealed class AccuracyCandidate(
    IModelSource source, IRunningModel running, Device device, Func<Tensor, Tensor?, IReadOnlyList<double>>? metric = null) : Candidate<BnAccuracy>(source, device)
{
    private readonly IModelSource _source = source;
    private readonly ClassTally _classes = new(source.Name);
    private readonly MetricTally? _metric = metric is null ? null : new(source.Name, metric);

    public override IReadOnlyList<bool> Right => _classes.Right;

    public override void Judge(Batch batch, long index)
    {
        using var output = IsFilled(batch) ? RunFilled(batch, index) : Run(running, batch, index);
        if (_metric is null)
            _classes.Add(output, batch, index);
        else
            _metric.Add(output, batch, index);
    }

    public override void Dispose() => running.Dispose();

    protected override BnAccuracy Result(string name)
    {
        var result = new BnAccuracy { Name = name, Samples = 0 };
        return _metric is null
            ? _classes.Fill(result)
            : result with { Samples = _metric.Samples, Metric = _metric.Mean, MetricError = _metric.Error };
    }

    // A program for batches of one size gets the last of them filled up with copies of its last item, which do not count. Where a
    // layer normalises by the batch they would change the others.
    private bool IsFilled(Batch batch) => batch.ItemCount < _source.BatchSizes.Least && _source.UntrackedLayers.Count == 0;

    private Tensor RunFilled(Batch batch, long index)
    {
        using var scope = NewDisposeScope();
        var returned = Run(running, Fill(batch), index);
        scope.Attach(returned);
        return (returned.dim() > 0 && returned.size(0) > batch.ItemCount ? returned.narrow(0, 0, batch.ItemCount) : returned).DetachFromDisposeScope();
    }

    private Batch Fill(Batch batch)
    {
        var (items, least) = (batch.ItemCount, _source.BatchSizes.Least);
        return batch.With(batch.Inputs.Select(input => input.dim() == 0 || input.size(0) != items ? input
            : cat([input, input.narrow(0, items - 1, 1).expand([least - items, .. input.shape[1..]])], 0)).ToArray());
    }
}

/// <summary>Counts how often the right class has the highest score, or is among the best.</summary>
/// <param name="model">The model, for messages.</param>
internal sealed class ClassTally(string model)
{
    // The best of fewer classes, and of just as many, are always right.
    private const int Best = 5;

    private readonly Tally _loss = new();
    private readonly Tally _lossOfProbabilities = new();
    private bool _areProbabilities = true;
    private long _right;
    private long _rightInBest;
    private long _classes;

    /// <summary>Which items of the last batch have the right class.</summary>
    public bool[] Right { get; private set; } = [];

    /// <summary>Judges the scores of a batch.</summary>
    /// <exception cref="PreciseBnException">They are no scores of classes, or a label is no class.</exception>
    public void Add(Tensor output, Batch batch, long index)
    {
        var labels = ClassLabels.Of(batch, index);
        if (!output.is_floating_point() || output.dim() != 2 || output.size(1) < 2 || output.size(0) != labels.Length || (_classes > 0 && output.size(1) != _classes))
            throw EvaluationErrors.NotClassScores(model, batch.Describe(index), $"{output.dtype} [{string.Join(", ", output.shape)}]", labels.Length);
        _classes = output.size(1);
        using var scope = NewDisposeScope();
        var scores = output.to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
        var tolerance = output.dtype.ToDType() is DType.Float16 or DType.BFloat16 ? 1e-2 : 1e-3;
        Right = new bool[labels.Length];
        for (var item = 0; item < labels.Length; item++)
        {
            if (labels[item] >= _classes)
                throw EvaluationErrors.NotAClass(batch.Describe(index), item, $"{labels[item]}", $"'{model}' has {_classes}, which count from 0");
            var score = SampleScore.Of(scores.AsSpan((int)(item * _classes), (int)_classes), labels[item], tolerance)
                ?? throw EvaluationErrors.OutputNotFinite(model, batch.Describe(index), item);
            Right[item] = score.Rank == 0;
            _right += score.Rank == 0 ? 1 : 0;
            _rightInBest += score.Rank < Best ? 1 : 0;
            _loss.Add(score.Loss);
            _lossOfProbabilities.Add(score.LossOfProbabilities);
            _areProbabilities &= score.AreProbabilities;
        }
    }

    /// <summary>A result with what was counted.</summary>
    public BnAccuracy Fill(BnAccuracy result)
    {
        var samples = _loss.Count;
        var loss = _areProbabilities ? _lossOfProbabilities : _loss;
        var (top1, top5) = ((double)_right / samples, _classes > Best ? (double)_rightInBest / samples : (double?)null);
        return result with
        {
            Samples = samples,
            Classes = _classes,
            Top1 = top1,
            Top1Error = Tally.ErrorOfPart(top1, samples),
            Top5 = top5,
            Top5Error = top5 is { } part ? Tally.ErrorOfPart(part, samples) : null,
            Loss = loss.Mean,
            LossError = loss.Error,
            AreProbabilities = _areProbabilities,
        };
    }
}

/// <summary>The classes of the items of a batch.</summary>
internal static class ClassLabels
{
    /// <summary>The number of the class of each item, at least 0.</summary>
    /// <param name="batch">The batch, with labels.</param>
    /// <param name="index">Number of the batch, for messages.</param>
    /// <exception cref="PreciseBnException">There are no labels, or something else than one class for each item.</exception>
    public static int[] Of(Batch batch, long index)
    {
        if (batch.Labels is not { } labels)
            throw EvaluationErrors.LabelsNeeded(batch.Describe(index));
        var items = batch.ItemCount;
        if (!(labels.dim() == 1 || (labels.dim() == 2 && labels.size(1) == 1)) || labels.size(0) != items)
            throw EvaluationErrors.WrongLabelShape(batch.Describe(index), labels.shape, items);
        using var scope = NewDisposeScope();
        // 64-bit integers are whole, and beyond the digits of a double no number of a class.
        var numbers = labels.to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
        return numbers.Select((number, item) => ToClass(number, item, batch, index)).ToArray();
    }

    private static int ToClass(double number, int item, Batch batch, long index)
    {
        var why = number switch
        {
            < 0 => "it is negative",
            double.NaN or double.PositiveInfinity => "it is no number",
            _ when number != Math.Floor(number) => "it is not whole",
            > int.MaxValue => "it is too large",
            _ => null,
        };
        return why is null ? (int)number : throw EvaluationErrors.NotAClass(batch.Describe(index), item, number.ToString(CultureInfo.InvariantCulture), why);
    }
}

/// <summary>What the scores of the classes say of one sample.</summary>
/// <param name="Rank">How many classes come before the right one: those with a higher score, and of the same those with a smaller number.</param>
/// <param name="Loss">The cross-entropy if the scores are logits.</param>
/// <param name="LossOfProbabilities">The same if they are probabilities.</param>
/// <param name="AreProbabilities">Whether they may be: none is negative, and their sum is 1.</param>
internal readonly record struct SampleScore(int Rank, double Loss, double LossOfProbabilities, bool AreProbabilities)
{
    /// <param name="scores">The scores.</param>
    /// <param name="label">The right class.</param>
    /// <param name="tolerance">By how much a sum of probabilities may be off 1.</param>
    /// <returns>What they say, or <c>null</c> where one of them is NaN or infinity, or all are impossible.</returns>
    public static SampleScore? Of(ReadOnlySpan<double> scores, int label, double tolerance)
    {
        var (own, highest, lowest, sum, rank) = (scores[label], double.NegativeInfinity, double.PositiveInfinity, 0.0, 0);
        for (var i = 0; i < scores.Length; i++)
        {
            if (double.IsNaN(scores[i]))
                return null;
            (highest, lowest, sum) = (Math.Max(highest, scores[i]), Math.Min(lowest, scores[i]), sum + scores[i]);
            if (scores[i] > own || (scores[i] == own && i < label))
                rank++;
        }
        if (!double.IsFinite(highest))
            return null;
        var exponentials = 0.0;
        foreach (var score in scores)
            exponentials += Math.Exp(score - highest);
        return new SampleScore(rank, highest - own + Math.Log(exponentials), -Math.Log(own), lowest >= 0 && Math.Abs(sum - 1) <= tolerance);
    }
}
