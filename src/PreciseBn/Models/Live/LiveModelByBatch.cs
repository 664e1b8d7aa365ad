using PreciseBn.Batches;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>
/// A TorchSharp model in memory, in evaluation for a while but for its layers, which normalise by the statistics of each batch; between
/// the batches they are what they were.
/// </summary>
internal sealed class LiveModelByBatch : IRunningModel
{
    private readonly string _name;
    private readonly IReadOnlyList<BnModule> _layers;
    private readonly RunningLiveModel _running;
    private readonly ModelSnapshot _saved;

    /// <param name="name">What messages call it.</param>
    /// <param name="root">The model.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="key">Which tensor is taken of what it returns.</param>
    public LiveModelByBatch(string name, nn.Module root, IReadOnlyList<BnModule> layers, string? key)
    {
        _name = name;
        _layers = layers;
        _running = new RunningLiveModel(name, root, key);
        try
        {
            _saved = new ModelSnapshot(root);
        }
        catch
        {
            _running.Dispose();
            throw;
        }
    }

    public Tensor Compute(Batch batch, long index)
    {
        var observers = _layers.Select(layer => new LiveObserver(layer.Live!.Layer, isPooled: false, isSettled: false)).ToArray();
        var states = new List<LayerState>();
        var fault = default(PreciseBnException);
        try
        {
            foreach (var (i, observer) in observers.Index())
            {
                states.Add(LayerState.Observe(_layers[i].Live!.Layer, observer.Before, () =>
                {
                    observer.After();
                    fault ??= Find(observer, _layers[i].Name, batch, index);
                }));
            }
            var output = _running.Compute(batch, index);
            if (fault is null)
                return output;
            output.Dispose();
            throw fault;
        }
        finally
        {
            foreach (var state in states)
                state.Dispose();
            foreach (var observer in observers)
                observer.Dispose();
            _saved.Restore();
        }
    }

    public void Dispose()
    {
        _saved.Dispose();
        _running.Dispose();
    }

    private PreciseBnException? Find(LiveObserver observer, string layer, Batch batch, long index)
    {
        if (observer.Singles > 0)
            return ObservationErrors.SingleValue(_name, layer, index);
        if (observer.Uses == 0)
            return null;
        using var scope = NewDisposeScope();
        return observer.Mean.isfinite().all().item<bool>() && observer.Variance.isfinite().all().item<bool>()
            ? null
            : ObservationErrors.NotFinite(_name, layer, index, batch.Origin);
    }
}
