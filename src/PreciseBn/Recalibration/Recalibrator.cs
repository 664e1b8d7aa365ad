using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Primitives;

namespace PreciseBn.Recalibration;

/// <summary>
/// Recomputes BatchNorm statistics with the weights fixed ("Rethinking 'Batch' in BatchNorm", arXiv 2105.07576, section 3):
/// run some batches, and give every value that reaches a layer the same weight.
/// </summary>
/// <param name="source">The model.</param>
/// <param name="layers">Names of the layers that are measured; all others stay as they are.</param>
/// <param name="data">The batches.</param>
/// <param name="options">How.</param>
/// <param name="progress">Told about every batch.</param>
internal sealed class Recalibrator(
    IModelSource source, IReadOnlyCollection<string> layers, IBatchSource data, MeasureOptions options, IProgress<MeasureProgress>? progress)
{
    /// <summary>Measures the statistics, and changes nothing.</summary>
    /// <returns>The statistics of each layer, for each estimator in turn.</returns>
    /// <exception cref="PreciseBnException">The data or the model cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public BnResult Measure(CancellationToken cancellation)
    {
        var batches = new FittedBatches(data, source.BatchSizes);
        using var session = new MeasuringSession(source, layers, batches.BatchCount, options, progress);
        session.RefuseFew(batches.BatchCount);
        var uploaded = new UploadedBatches(batches, session.Device);
        var results = options.Exact ? new ExactMeasurement(session, uploaded, options).Measure(cancellation) : MeasureAtOnce(session, uploaded, cancellation);
        if (results.All(result => result.Moments.Batches == 0))
            throw RecalibrationErrors.NothingReached(session.Name, results[0].TotalBatches, source.Path is null);
        return new BnResult(options.Estimators.SelectMany(estimator => results.Select(result =>
            result.ToStat(estimator, options.PriorWeight, estimator == options.Estimators[0] ? source.Path : null) with
            {
                ItemsLeftOut = batches.ItemsLeftOut + result.ItemsLeftOut,
                Data = data.Description,
                Program = source.Program,
                Device = session.Device.ToString(),
                File = estimator == options.Estimators[0] ? source.Identity : null,
            })).ToArray());
    }

    private LayerResult[] MeasureAtOnce(MeasuringSession session, IBatchSource batches, CancellationToken cancellation)
    {
        var measured = session.Measure(batches, options.MostBatches, (1, 1), cancellation);
        return session.Model.Layers.Select((layer, index) => LayerResult.Of(layer, index, measured)).ToArray();
    }
}
