using PreciseBn.Models;
using PreciseBn.Models.Live;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>A TorchSharp model in memory whose statistics are recomputed in its own buffers.</summary>
internal sealed class LiveTarget(IReadOnlyList<BnModule> layers) : IRecalibrationTarget
{
    public string Name => layers[0].Live!.Root.GetName();

    public string? Destination => null;

    public IObservedModel Open(Device device)
    {
        if (layers.FirstOrDefault(layer => layer.DType is not (DType.Float32 or DType.Float64)) is { } layer)
            throw ModelErrors.ReducedPrecision(Name, layer);
        return new ObservedLiveModel(Name, layers, device);
    }

    public void Commit(IReadOnlyList<LayerUpdate> updates)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        foreach (var update in updates)
        {
            var layer = layers.First(layer => layer.Name == update.Name).Live!.Layer;
            layer.running_mean!.copy_(tensor(update.Mean));
            layer.running_var!.copy_(tensor(update.Variance));
            layer.num_batches_tracked?.add_(update.AddedBatches);
        }
    }
}
