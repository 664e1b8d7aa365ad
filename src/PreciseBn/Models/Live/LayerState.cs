using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>
/// A layer with hooks of ours, in another mode. When it is disposed of, the hooks are gone; what else it was is for
/// <see cref="ModelSnapshot"/>.
/// </summary>
internal sealed class LayerState : IDisposable
{
    private readonly List<BatchNorm.HookRemover> _hooks = [];

    /// <summary>Makes a layer normalise by the statistics of each batch and keep just these.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="before">Gets the input of each call and returns what the layer is to get instead.</param>
    /// <param name="after">Called when the layer has run.</param>
    public static LayerState Observe(BatchNorm layer, Func<Tensor, Tensor> before, Action after)
    {
        var state = new LayerState();
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
        var state = new LayerState();
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
    }
}
