using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>
/// A layer in another mode for a while. When it is disposed of, the layer has its mode and momentum again; its buffers are
/// for <see cref="BufferSnapshot"/>.
/// </summary>
internal sealed class LayerState : IDisposable
{
    private readonly BatchNorm _layer;
    private readonly bool _training;
    private readonly double? _momentum;
    private readonly List<BatchNorm.HookRemover> _hooks = [];

    private LayerState(BatchNorm layer)
    {
        _layer = layer;
        _training = layer.training;
        _momentum = layer.momentum;
    }

    /// <summary>Makes a layer normalise by the statistics of each batch and keep just these.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="before">Gets the input of each call and returns what the layer is to get instead.</param>
    /// <param name="after">Called when the layer has run.</param>
    public static LayerState Observe(BatchNorm layer, Func<Tensor, Tensor> before, Action after)
    {
        var state = new LayerState(layer);
        layer.train();
        layer.momentum = 1;
        state._hooks.Add(layer.register_forward_pre_hook((_, input) => before(input)));
        state._hooks.Add(layer.register_forward_hook((_, _, output) =>
        {
            after();
            return output;
        }));
        return state;
    }

    /// <summary>Makes a layer normalise by statistics, whatever its mode.</summary>
    public static LayerState Settle(BatchNorm layer, double[] mean, double[] variance)
    {
        var state = new LayerState(layer);
        layer.eval();
        // The model's own code may set another.
        state._hooks.Add(layer.register_forward_pre_hook((_, input) =>
        {
            layer.eval();
            return input;
        }));
        layer.running_mean!.copy_(tensor(mean));
        layer.running_var!.copy_(tensor(variance));
        return state;
    }

    public void Dispose()
    {
        foreach (var hook in _hooks)
            hook.remove();
        _layer.train(_training);
        _layer.momentum = _momentum;
    }
}
