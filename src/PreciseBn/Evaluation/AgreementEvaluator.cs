using PreciseBn.Batches;
using PreciseBn.Models;
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
internal sealed class AgreementCandidate(IModelSource source, IRunningModel stored, IRunningModel byBatch, Device device) : Candidate<BnAgreement>(source)
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
        _tally.ToResult(name) with { Device = device.ToString(), ItemsLeftOut = _tooSmall?.Items ?? 0 };
}
