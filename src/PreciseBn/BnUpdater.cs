using PreciseBn.Data;
using PreciseBn.Models;
using PreciseBn.Native;
using PreciseBn.Recalibration;

namespace PreciseBn;

/// <summary>Recomputes BatchNorm statistics.</summary>
public static class BnUpdater
{
    /// <summary>Groups layers by the file or the model in memory that they are part of, in the order of their appearance.</summary>
    public static IEnumerable<IReadOnlyList<BnModule>> GroupByModel(IEnumerable<BnModule> layers) => layers
        .GroupBy(layer => layer.Path ?? (object?)layer.Live?.Root)
        .Select(group => group.DistinctBy(layer => layer.Name).ToArray());

    /// <summary>Recomputes the statistics of some layers of one model and puts them in the place of the old.</summary>
    /// <param name="layers">The layers, all of the same file or of the same model in memory.</param>
    /// <param name="data">The data to run.</param>
    /// <param name="options">How and where.</param>
    /// <param name="progress">Told about every batch, on the calling thread.</param>
    /// <param name="cancellation">Stops the work within a batch.</param>
    /// <returns>The statistics, one object a layer.</returns>
    /// <exception cref="PreciseBnException">It failed; model and file are as they were.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; model and file are as they were.</exception>
    public static IReadOnlyList<BnStat> Update(
        IReadOnlyList<BnModule> layers, IBatchSource data, BnUpdateOptions options,
        IProgress<RecalibrationProgress>? progress = null, CancellationToken cancellation = default)
    {
        TorchLibrary.Require();
        return layers[0].Path is { } path
            ? UpdateFile(path, layers, data, options, progress, cancellation)
            : UpdateLive(layers, data, options, progress, cancellation);
    }

    private static IReadOnlyList<BnStat> UpdateFile(
        string path, IReadOnlyList<BnModule> layers, IBatchSource data, BnUpdateOptions options,
        IProgress<RecalibrationProgress>? progress, CancellationToken cancellation)
    {
        var device = Devices.Find(options.Device ?? "cpu");
        var names = layers.Select(layer => layer.Name).ToHashSet();
        using var model = ModelFile.Open(path);
        var writer = new StatisticsWriter(model, options.Destination, options.Force, options.Backup);
        var target = new FileTarget(model, names, writer);
        return new Recalibrator(target, data, options.Recalibration, progress).Run(device, cancellation);
    }

    private static IReadOnlyList<BnStat> UpdateLive(
        IReadOnlyList<BnModule> layers, IBatchSource data, BnUpdateOptions options,
        IProgress<RecalibrationProgress>? progress, CancellationToken cancellation)
    {
        var device = options.Device is null ? layers[0].Live!.Layer.running_mean!.device : Devices.Find(options.Device);
        return new Recalibrator(new LiveTarget(layers), data, options.Recalibration, progress).Run(device, cancellation);
    }
}
