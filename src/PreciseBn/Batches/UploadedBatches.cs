using System.Runtime.InteropServices;
using PreciseBn.Native;
using PreciseBn.Primitives;
using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Batches;

/// <summary>
/// The batches of a source on the device where the model runs, so that whatever is done to them is done there. To a card they go without a
/// wait for what it has been given before: while it computes, the host reads the next one.
/// </summary>
/// <param name="source">The source.</param>
/// <param name="device">The device.</param>
internal sealed class UploadedBatches(IBatchSource source, Device device) : IBatchSource
{
    public long? BatchCount => source.BatchCount;

    public IEnumerable<Batch> Read(CancellationToken cancellation) => source.Read(cancellation).Select((batch, index) =>
    {
        if (IsThere(batch, device))
            return batch;
        using (batch)
            return Upload(batch, index, device);
    });

    /// <summary>A copy of a batch on another device; <c>null</c> if it is there already.</summary>
    /// <param name="batch">The batch, which stays what it is.</param>
    /// <param name="index">Its number, for messages.</param>
    /// <param name="device">The device.</param>
    /// <exception cref="PreciseBnException">There is no room for it, or the device fails.</exception>
    public static Batch? TryUpload(Batch batch, long index, Device device) => IsThere(batch, device) ? null : Upload(batch, index, device);

    private static bool IsThere(Batch batch, Device device) => batch.Inputs.All(input =>
        input.device_type == device.type && (device.type != DeviceType.CUDA || input.device_index == device.index));

    private static Batch Upload(Batch batch, long index, Device device)
    {
        using var gradients = no_grad();
        try
        {
            return batch.Moved(input => Upload(input, device));
        }
        catch (ExternalException e)
        {
            throw TorchFailures.Explain(e, $"bring {batch.Describe(index)} to the device '{device}'", $"{device}");
        }
    }

    private static Tensor Upload(Tensor input, Device device)
    {
        // From memory that is not pinned a copy waits for the card. What a caller has pinned may change before the card has read it.
        if (device.type != DeviceType.CUDA || input.device_type != DeviceType.CPU || input.is_pinned())
            return input.to(device, copy: true);
        // Numbers go up in the type that they have, mostly a small one. What is freed here libtorch keeps until the card has read it.
        using var pinned = (input.is_contiguous() ? input : input.clone()).pin_memory();
        return pinned.to(device, non_blocking: true);
    }
}
