using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Models.Live;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>A TorchSharp model in memory whose statistics are recomputed in its own buffers.</summary>
internal sealed class LiveTarget(IReadOnlyList<BnModule> layers) : IRecalibrationTarget
{
    public string Name => layers[0].Live!.Root.GetName();

    public string? Destination => null;

    public SizeRange BatchSizes => SizeRange.Any;
    public ModelFingerprint Identify() => LiveFingerprint.Of(layers[0].Live!.Root, layers.Select(layer => layer.Name));

    public IObservedModel Open(Device device, ObservationRules rules)
    {
        if (layers.FirstOrDefault(layer => layer.DType is not (DType.Float32 or DType.Float64)) is { } layer)
            throw ModelErrors.ReducedPrecision(Name, layer);
        return new ObservedLiveModel(Name, layers, rules, device);
    }

    public void Commit(IReadOnlyList<BnStat> stats)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        foreach (var stat in stats)
        {
            var layer = layers.First(layer => layer.Name == stat.Name).Live!.Layer;
            layer.running_mean!.copy_(tensor(stat.Mean));
            layer.running_var!.copy_(tensor(stat.Variance));
            layer.num_batches_tracked?.add_(stat.Batches);
        }
    }
}
