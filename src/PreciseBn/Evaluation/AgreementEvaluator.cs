using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Evaluation;

/// <summary>Judges models by what their statistics change in their outputs.</summary>
/// <inheritdoc/>
internal sealed class AgreementEvaluator(
    IReadOnlyList<IModelSource> models, IBatchSource data, AgreementOptions options, Action<int, PreciseBnException> onFailed, IProgress<MeasureProgress>? progress)
    : Evaluator<BnAgreement>(models, data, options, onFailed, progress)
{
    private FittedBatches? _batches;

    protected override Candidate<BnAgreement> Load(IModelSource model, Device device)
    {
        var stored = model.LoadToRun(options, device);
        try
        {
            return new AgreementCandidate(model, stored, model.LoadToRunByBatch(options, device), device);
        }
        catch
        {
            stored.Dispose();
            throw;
        }
    }

    // A small batch cannot be filled up, as copies would be a part of its statistics.
    protected override IBatchSource Fit(IBatchSource batches, SizeRange accepted) => _batches = new FittedBatches(batches, accepted);

    protected override BnAgreement Complete(BnAgreement result) => result with { ItemsLeftOut = result.ItemsLeftOut + _batches!.ItemsLeftOut };
}

/// <summary>A model that is judged by itself: by what its statistics change in what it returns.</summary>
/// <param name="source">The model.</param>
/// <param name="stored">The same, ready to run with the statistics that it has.</param>
/// <param name="byBatch">The same, ready to run with those of each batch.</param>
/// <param name="device">Where it runs.</param>
internal sealed class AgreementCandidate(IModelSource source, IRunningModel stored, IRunningModel byBatch, Device device) : Candidate<BnAgreement>(source, device)
{
    private readonly AgreementTally _tally = new(source.Name);
    private (PreciseBnException Fault, long Items)? _tooSmall;

    public override IReadOnlyList<bool> Right => _tally.Same;

    public override void Judge(Batch batch, long index)
    {
        if (_tooSmall is { } earlier)
            throw earlier.Fault;
        // The one may change what the other is to get.
        using var copy = batch.Copy();
        using var own = Run(stored, copy, index);
        try
        {
            using var other = Run(byBatch, batch, index);
            using var scope = NewDisposeScope();
            _tally.Add(own, other, batch, index);
        }
        catch (PreciseBnException fault) when (fault.ErrorId == "SingleValue" && _tally.Samples > 0)
        {
            // The last of several batches is often a small one.
            _tooSmall = (fault, batch.ItemCount);
            _tally.LeaveOut();
        }
    }

    public override void Dispose()
    {
        // In the order in which a model in memory gets its modes back.
        byBatch.Dispose();
        stored.Dispose();
    }

    protected override BnAgreement Result(string name) =>
        _tally.ToResult(name) with { ItemsLeftOut = _tooSmall?.Items ?? 0 };
}

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

/// <summary>What a model returns for a sample with the statistics that it has, beside what it returns with those of the batch.</summary>
/// <param name="Difference">The sum of the squares of the differences.</param>
/// <param name="Size">The sum of the squares with the statistics of the batch.</param>
/// <param name="IsFinite">Whether all numbers are; what is infinite both times, as classes that are ruled out, counts for nothing.</param>
internal readonly record struct OutputPair(double Difference, double Size, bool IsFinite)
{
    public static OutputPair Of(ReadOnlySpan<double> stored, ReadOnlySpan<double> byBatch)
    {
        var (difference, size, isFinite) = (0.0, 0.0, true);
        for (var i = 0; i < stored.Length; i++)
        {
            if (double.IsNegativeInfinity(stored[i]) && double.IsNegativeInfinity(byBatch[i]))
                continue;
            var delta = stored[i] - byBatch[i];
            difference += delta * delta;
            size += byBatch[i] * byBatch[i];
            isFinite &= double.IsFinite(stored[i]) && double.IsFinite(byBatch[i]);
        }
        return new OutputPair(difference, size, isFinite);
    }

    /// <summary>The class with the highest score; of equal ones the first.</summary>
    public static int ClassOf(ReadOnlySpan<double> scores)
    {
        var best = 0;
        for (var i = 1; i < scores.Length; i++)
            best = scores[i] > scores[best] ? i : best;
        return best;
    }

    /// <summary>Whether scores may be probabilities: none is negative, and their sum is 1.</summary>
    public static bool AreProbabilities(ReadOnlySpan<double> scores, double tolerance)
    {
        var sum = 0.0;
        foreach (var score in scores)
            sum += score >= 0 ? score : double.NaN;
        return Math.Abs(sum - 1) <= tolerance;
    }

    /// <summary>How far the probabilities of a sample are from those with the statistics of the batch, in nats, by their logits.</summary>
    public static double DivergenceOfLogits(ReadOnlySpan<double> stored, ReadOnlySpan<double> byBatch)
    {
        var (own, other) = (LogarithmOfSum(stored), LogarithmOfSum(byBatch));
        var sum = 0.0;
        for (var i = 0; i < stored.Length; i++)
        {
            var logarithm = byBatch[i] - other;
            if (Math.Exp(logarithm) is > 0 and var probability)
                sum += probability * (logarithm - (stored[i] - own));
        }
        return Math.Max(0, sum);
    }

    /// <summary>The same by the probabilities themselves.</summary>
    public static double DivergenceOfProbabilities(ReadOnlySpan<double> stored, ReadOnlySpan<double> byBatch)
    {
        var sum = 0.0;
        for (var i = 0; i < stored.Length; i++)
        {
            if (byBatch[i] > 0)
                sum += byBatch[i] * Math.Log(byBatch[i] / stored[i]);
        }
        return Math.Max(0, sum);
    }

    private static double LogarithmOfSum(ReadOnlySpan<double> logits)
    {
        var highest = logits[ClassOf(logits)];
        var sum = 0.0;
        foreach (var logit in logits)
            sum += Math.Exp(logit - highest);
        return highest + Math.Log(sum);
    }
}
