using PreciseBn.Batches;
using PreciseBn.Primitives;
using PreciseBn.Recalibration;
using PreciseBn.Sharding;

namespace PreciseBn;

/// <summary>Measures partial statistics, which merge with those of other processes.</summary>
public static class BnMeasurer
{
    /// <summary>Measures some layers of one model on a shard of the data, and changes neither.</summary>
    /// <param name="layers">The layers, all of the same file or of the same model in memory.</param>
    /// <param name="data">All of the data; the shard is taken of them.</param>
    /// <param name="options">Which shard, and how.</param>
    /// <param name="progress">Told about every batch, on the calling thread.</param>
    /// <param name="cancellation">Stops the work within a batch.</param>
    /// <returns>The partial statistics, one object a layer.</returns>
    /// <exception cref="PreciseBnException">It failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyList<PartialBnStat> Measure(
        IReadOnlyList<BnModule> layers, IBatchSource data, BnMeasureOptions options,
        IProgress<RecalibrationProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (options.Recalibration.Exact)
            throw PartialErrors.ExactNotMergeable();
        return LayerTarget.Use(layers, options.Device, createWriter: null,
            (target, device) => new PartialMeasurement(target, data, options, progress).Run(device, cancellation));
    }
}
