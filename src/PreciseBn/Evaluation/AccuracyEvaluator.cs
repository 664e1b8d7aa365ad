using PreciseBn.Batches;
using PreciseBn.Models;
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
