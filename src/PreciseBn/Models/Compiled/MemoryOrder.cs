using PreciseBn.Batches;
using PreciseBn.Primitives;
using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Models.Compiled;

/// <summary>
/// In which order the values of images lie in memory while a model runs. By itself it is the one that is faster for most: which
/// one follows from the model and the shapes of a batch alone, not from a timing, so that shards and runs that go on agree.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="wanted">The order; with <see cref="MemoryFormat.Auto"/> the channels come last unless the model fails so.</param>
internal sealed class MemoryOrder(ICompiledModel model, MemoryFormat wanted)
{
    private static readonly string[] Convolutions =
    [
        "conv2d", "conv3d", "conv_transpose2d", "conv_transpose3d", "convolution", "_convolution", "_convolution_mode", "mkldnn_convolution",
        "cudnn_convolution", "thnn_conv2d", "_slow_conv2d_forward", "slow_conv3d",
    ];

    // Whoever calls one of these may compute something else where values lie otherwise, and no error tells.
    private static readonly string[] ReadersOfMemory =
    [
        "as_strided", "as_strided_", "as_strided_copy", "as_strided_scatter", "_reshape_alias", "_reshape_alias_copy", "stride", "sym_stride",
        "storage_offset", "sym_storage_offset", "is_contiguous", "suggest_memory_format", "resize", "resize_", "resize_as_", "set_",
        "_resize_output_", "_nested_view_from_buffer", "from_file",
    ];

    private readonly Dictionary<string, bool> _fitsChannelsLast = [];
    private MemoryFormat _weights = MemoryFormat.Contiguous;

    /// <summary>Why the model does not run as it would by itself; <c>null</c> if it does.</summary>
    public string? Note { get; private set; }

    /// <summary>The order that a model runs in by itself.</summary>
    /// <param name="calls">Whether its code calls a function of libtorch.</param>
    /// <param name="type">The type that it computes in; <c>null</c> if that is not known.</param>
    /// <param name="device">Where it runs.</param>
    public static MemoryFormat Choose(Func<string, bool> calls, DType? type, Device device) =>
        device.type == DeviceType.CPU && type == DType.Float32 && Convolutions.Any(calls) && !ReadersOfMemory.Any(calls)
            ? MemoryFormat.Auto
            : MemoryFormat.Contiguous;

    /// <summary>Runs the model on a batch, which it may change.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="index">Its number, for messages.</param>
    /// <param name="prepare">Done before each attempt.</param>
    /// <exception cref="PreciseBnException">The model does not accept the batch, or fails on it.</exception>
    public void Run(Batch batch, long index, Action prepare)
    {
        if (wanted != MemoryFormat.Auto)
            Run(batch, index, wanted, prepare);
        else if (_fitsChannelsLast.TryGetValue(ShapesOf(batch), out var fits))
            Run(batch, index, fits ? MemoryFormat.ChannelsLast : MemoryFormat.Contiguous, prepare);
        else
            Try(batch, index, prepare);
    }

    /// <summary>The inputs of a batch in the order in which the model ran last.</summary>
    public Batch Arrange(Batch batch) => _weights == MemoryFormat.ChannelsLast ? ChannelsLast.Arrange(batch) : batch;

    private void Try(Batch batch, long index, Action prepare)
    {
        var shapes = ShapesOf(batch);
        using var copy = batch.Copy();
        using var before = model.CopyState();
        try
        {
            if (Run(copy, index, MemoryFormat.ChannelsLast, prepare))
                _fitsChannelsLast[shapes] = true;
        }
        catch (PreciseBnException e) when (e.ErrorId == "ForwardFailed")
        {
            model.SetState(before);
            Run(batch, index, MemoryFormat.Contiguous, prepare);
            _fitsChannelsLast[shapes] = false;
            Note = $"It runs channel after channel, as with the channels last it cannot. {e.Problem}";
        }
    }

    private bool Run(Batch batch, long index, MemoryFormat format, Action prepare)
    {
        if (_weights != format)
            model.ArrangeWeights(_weights = format);
        prepare();
        return model.Run(format == MemoryFormat.ChannelsLast ? ChannelsLast.Arrange(batch) : batch, index);
    }

    private static string ShapesOf(Batch batch) => string.Join("; ", batch.Inputs.Select(input => string.Join(", ", input.shape)));
}
