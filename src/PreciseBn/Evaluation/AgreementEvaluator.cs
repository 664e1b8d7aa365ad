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
