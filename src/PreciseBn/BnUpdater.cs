using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Models;
using PreciseBn.Primitives;
using PreciseBn.Recalibration;
using PreciseBn.Sharding;
using static TorchSharp.torch;

namespace PreciseBn;

/// <summary>Recomputes BatchNorm statistics.</summary>
public static class BnUpdater
{
    /// <summary>Groups layers by the file or the model in memory that they are part of, in the order of their appearance.</summary>
    public static IEnumerable<IReadOnlyList<BnModule>> GroupByModel(IEnumerable<BnModule> layers) => layers
        .GroupBy(layer => layer.Path ?? (object?)layer.Live?.Root)
        .GroupBy(group => group.Key is string path ? WritableFile.KeyOf(path) : group.Key)
        .Select(groups => groups.SelectMany(group => group).DistinctBy(layer => layer.Name).ToArray());

    /// <summary>Recomputes the statistics of some layers of one model and puts them in the place of the old.</summary>
    /// <param name="layers">The layers, all of the same file or of the same model in memory.</param>
    /// <param name="data">The data to run.</param>
    /// <param name="options">How and where.</param>
    /// <param name="progress">Told about every batch, on the calling thread.</param>
    /// <param name="cancellation">Stops the work within a batch.</param>
    /// <returns>
    /// The statistics, one object a layer and estimator; those of the first estimator are the ones that were written.
    /// </returns>
    /// <exception cref="PreciseBnException">It failed; model and file are as they were.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; model and file are as they were.</exception>
    public static IReadOnlyList<BnStat> Update(
        IReadOnlyList<BnModule> layers, IBatchSource data, BnUpdateOptions options,
        IProgress<RecalibrationProgress>? progress = null, CancellationToken cancellation = default) =>
        Run(layers, data, options, progress, isWritten: true, (recalibrator, device) => recalibrator.Run(device, cancellation));

    /// <summary>Recomputes the statistics of some layers of one model and changes nothing.</summary>
    /// <param name="layers">The layers, all of the same file or of the same model in memory.</param>
    /// <param name="data">The data to run.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told about every batch, on the calling thread.</param>
    /// <param name="cancellation">Stops the work within a batch.</param>
    /// <returns>The statistics, one object a layer and estimator.</returns>
    /// <exception cref="PreciseBnException">It failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyList<BnStat> Measure(
        IReadOnlyList<BnModule> layers, IBatchSource data, BnUpdateOptions options,
        IProgress<RecalibrationProgress>? progress = null, CancellationToken cancellation = default) =>
        Run(layers, data, options, progress, isWritten: false, (recalibrator, device) => recalibrator.Measure(device, cancellation));

    /// <summary>Puts merged statistics in the place of the old, in the model that they were measured on.</summary>
    /// <param name="merged">What <see cref="BnMerger"/> made of the shards; of several estimators, the first is written.</param>
    /// <param name="options">Where they are written.</param>
    /// <returns>The statistics that were written, one object a layer.</returns>
    /// <exception cref="PreciseBnException">The model is not there, or is another, or cannot be written; it is as it was.</exception>
    public static IReadOnlyList<BnStat> Write(IReadOnlyList<BnStat> merged, BnUpdateOptions options)
    {
        var path = merged[0].Path ?? throw PartialErrors.NoFileToWrite();
        var written = merged.Where(stat => stat.Estimator == merged[0].Estimator).ToArray();
        using var model = ModelFile.Open(path);
        var writer = new StatisticsWriter(model, options.Destination, options.Force, options.Backup);
        var target = new FileTarget(model, written.Select(stat => stat.Name).ToHashSet(), writer);
        if (written.Any(stat => stat.ContentSha256 is { } content && content != target.Identify().Content))
            throw PartialErrors.WrongModel(path);
        target.Commit(written.Where(stat => stat.Batches > 0).ToArray());
        return written.Select(stat => stat with { Path = writer.Destination }).ToArray();
    }

    private static IReadOnlyList<BnStat> Run(
        IReadOnlyList<BnModule> layers, IBatchSource data, BnUpdateOptions options,
        IProgress<RecalibrationProgress>? progress, bool isWritten, Func<Recalibrator, Device, IReadOnlyList<BnStat>> run) => LayerTarget.Use(
            layers, options.Device, isWritten ? model => new StatisticsWriter(model, options.Destination, options.Force, options.Backup) : null,
            (target, device) => run(new Recalibrator(target, data, options.Recalibration, progress), device));
}
