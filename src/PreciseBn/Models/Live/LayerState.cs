using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>
/// Makes a layer normalise by the statistics of each batch and keep just these. When it is disposed of, the layer has its
/// mode and momentum again; its buffers are for <see cref="BufferSnapshot"/>.
/// </summary>
internal sealed class LayerState : IDisposable
{
    private readonly BatchNorm _layer;
    private readonly bool _training;
    private readonly double? _momentum;
    private readonly BatchNorm.HookRemover _hook;

    /// <param name="layer">The layer.</param>
    /// <param name="onForward">Receives the input of each call.</param>
    public LayerState(BatchNorm layer, Action<Tensor> onForward)
    {
        _layer = layer;
        _training = layer.training;
        _momentum = layer.momentum;
        layer.train();
        layer.momentum = 1;
        _hook = layer.register_forward_pre_hook((_, input) =>
        {
            onForward(input);
            return input;
        });
    }

    public void Dispose()
    {
        _hook.remove();
        _layer.train(_training);
        _layer.momentum = _momentum;
    }
}
