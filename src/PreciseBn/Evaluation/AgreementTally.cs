using PreciseBn.Batches;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Evaluation;

/// <summary>Counts how often a model names the same class with either statistics, and how far its outputs are apart.</summary>
/// <param name="model">The model, for messages.</param>
internal sealed class AgreementTally(string model)
{
    private readonly RatioTally _distance = new();
    private readonly Tally _divergence = new();
    private readonly Tally _divergenceOfProbabilities = new();
    private long _batches;
    private long _same;
    private long? _classes;
    private bool _areClasses = true;
    private bool _areProbabilities = true;

    /// <summary>Number of samples.</summary>
    public long Samples { get; private set; }

    /// <summary>Which items of the last batch have the same class both times; empty where there are no classes.</summary>
    public IReadOnlyList<bool> Same { get; private set; } = [];

    /// <summary>Compares what the model returns for a batch with the statistics that it has, and with those of the batch.</summary>
    /// <exception cref="PreciseBnException">It cannot be compared.</exception>
    public void Add(Tensor stored, Tensor byBatch, Batch batch, long index)
    {
        if (!stored.is_floating_point() || stored.numel() == 0 || !stored.shape.SequenceEqual(byBatch.shape))
            throw EvaluationErrors.OutputsNotComparable(model, batch.Describe(index), Describe(stored), Describe(byBatch));
        var items = batch.ItemCount;
        var isOfItems = stored.dim() > 0 && stored.size(0) == items;
        var width = isOfItems && stored.dim() == 2 ? stored.size(1) : 0;
        // What is as wide as it likes has no classes.
        _areClasses &= width >= 2 && width == (_classes ??= width);
        var tolerance = stored.dtype.ToDType() is DType.Float16 or DType.BFloat16 ? 1e-2 : 1e-3;
        var rows = isOfItems ? (int)items : 1;
        using var own = stored.cpu().reshape(rows, -1);
        using var other = byBatch.cpu().reshape(rows, -1);
        var same = new bool[_areClasses ? rows : 0];
        for (var row = 0; row < rows; row++)
        {
            var (ownRow, otherRow) = (Numbers(own, row), Numbers(other, row));
            var pair = OutputPair.Of(ownRow, otherRow);
            if (!pair.IsFinite)
                throw EvaluationErrors.OutputNotFinite(model, batch.Describe(index), row);
            _distance.Add(pair.Difference, pair.Size);
            if (_areClasses)
                same[row] = AddClasses(ownRow, otherRow, tolerance);
        }
        Samples += items;
        _batches++;
        Same = same;
    }

    /// <summary>Leaves out a batch.</summary>
    public void LeaveOut() => Same = [];

    /// <summary>What was counted.</summary>
    public BnAgreement ToResult(string name)
    {
        var result = new BnAgreement { Name = name, Samples = Samples, Batches = _batches, Distance = _distance.Root, DistanceError = _distance.Error };
        if (!_areClasses)
            return result;
        var (part, divergence) = ((double)_same / Samples, _areProbabilities ? _divergenceOfProbabilities : _divergence);
        return result with
        {
            Classes = _classes,
            Agreement = part,
            AgreementError = Tally.ErrorOfPart(part, Samples),
            Divergence = divergence.Mean,
            DivergenceError = divergence.Error,
            AreProbabilities = _areProbabilities,
        };
    }

    private bool AddClasses(double[] stored, double[] byBatch, double tolerance)
    {
        _areProbabilities &= OutputPair.AreProbabilities(stored, tolerance) && OutputPair.AreProbabilities(byBatch, tolerance);
        _divergence.Add(OutputPair.DivergenceOfLogits(stored, byBatch));
        _divergenceOfProbabilities.Add(OutputPair.DivergenceOfProbabilities(stored, byBatch));
        var isSame = OutputPair.ClassOf(stored) == OutputPair.ClassOf(byBatch);
        _same += isSame ? 1 : 0;
        return isSame;
    }

    // One item at a time: images take eight bytes a number.
    private static double[] Numbers(Tensor rows, int row)
    {
        using var one = rows.select(0, row);
        using var wide = one.to(ScalarType.Float64).contiguous();
        return wide.data<double>().ToArray();
    }

    private static string Describe(Tensor output) => $"{output.dtype} [{string.Join(", ", output.shape)}]";
}
