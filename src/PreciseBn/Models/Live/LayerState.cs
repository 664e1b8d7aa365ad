using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>
/// Makes a layer normalise by the statistics of each batch and keep just these, and puts everything back when disposed of.
/// </summary>
internal sealed class LayerState : IDisposable
{
    private readonly BatchNorm _layer;
    private readonly bool _training;
    private readonly double? _momentum;
    private readonly Tensor _mean;
    private readonly Tensor _variance;
    private readonly Tensor? _batchesTracked;
    private readonly BatchNorm.HookRemover _hook;

    /// <param name="layer">The layer.</param>
    /// <param name="onForward">Receives the input of each call.</param>
    public LayerState(BatchNorm layer, Action<Tensor> onForward)
    {
        _layer = layer;
        _training = layer.training;
        _momentum = layer.momentum;
        _mean = layer.running_mean!.clone().DetachFromDisposeScope();
        _variance = layer.running_var!.clone().DetachFromDisposeScope();
        _batchesTracked = layer.num_batches_tracked?.clone().DetachFromDisposeScope();
        layer.train();
        layer.momentum = 1;
        _hook = layer.register_forward_pre_hook((_, input) =>
        {
            onForward(input);
            return input;
        });
    }

    /// <summary>Whether the layer has run since; it counts its batches itself.</summary>
    public bool HasRun => _batchesTracked is not null && !allclose(_layer.num_batches_tracked!, _batchesTracked);

    public void Dispose()
    {
        _hook.remove();
        _layer.train(_training);
        _layer.momentum = _momentum;
        _layer.running_mean!.copy_(_mean);
        _layer.running_var!.copy_(_variance);
        if (_batchesTracked is not null)
            _layer.num_batches_tracked!.copy_(_batchesTracked);
        _mean.Dispose();
        _variance.Dispose();
        _batchesTracked?.Dispose();
    }
}
