using PreciseBn.Models;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>Opens the model that some layers are part of, and finds where it is to run.</summary>
internal static class LayerTarget
{
    /// <param name="layers">The layers, all of the same file or of the same model in memory.</param>
    /// <param name="deviceName">Where it is to run; <c>null</c> is the processor, or where a model in memory is.</param>
    /// <param name="createWriter">Makes what puts the result into a file; <c>null</c> if it is only measured.</param>
    /// <param name="run">What is done with it.</param>
    /// <exception cref="PreciseBnException">The model or the device cannot be used.</exception>
    public static T Use<T>(
        IReadOnlyList<BnModule> layers, string? deviceName, Func<ModelFile, StatisticsWriter>? createWriter,
        Func<IRecalibrationTarget, Device, T> run)
    {
        TorchLibrary.Require();
        if (layers[0].Path is not { } path)
            return run(new LiveTarget(layers), deviceName is null ? layers[0].Live!.Layer.running_mean!.device : Devices.Find(deviceName));
        var device = Devices.Find(deviceName ?? "cpu");
        using var model = ModelFile.Open(path);
        return run(new FileTarget(model, layers.Select(layer => layer.Name).ToHashSet(), createWriter?.Invoke(model)), device);
    }
}
