using PreciseBn.Batches;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Compiled;

/// <summary>A model that libtorch has compiled, in which every BatchNorm is a call of the function in precise_bn.py.</summary>
internal interface ICompiledModel : IDisposable
{
    /// <summary>The tensors with the statistics of its layers, of each all that the model has; their memory can be replaced.</summary>
    IReadOnlyList<IReadOnlyList<Tensor>> Statistics { get; }

    /// <summary>Lays the weights of convolutions out in that order.</summary>
    void ArrangeWeights(MemoryFormat format);

    /// <summary>Copies of what the model may change while it runs, besides the statistics of its layers; they are the caller's.</summary>
    ModelState CopyState();

    /// <summary>Sets that back, so that the model can run on the same batches again.</summary>
    void SetState(ModelState state);

    /// <summary>Runs the model, for what its layers leave in their cells. It may change the inputs.</summary>
    /// <param name="batch">The inputs, on its device.</param>
    /// <param name="index">Number of the batch, for messages.</param>
    /// <returns>Whether it came to its end; it may end behind the last layer that is asked for.</returns>
    /// <exception cref="PreciseBnException">The model does not accept the batch, or fails on it.</exception>
    bool Run(Batch batch, long index);

    /// <summary>What the last run returned, of a model that was compiled to return a tensor; it is the caller's.</summary>
    Tensor TakeOutput();
}

/// <summary>What a model was at some time, besides its weights and the statistics of its layers.</summary>
/// <param name="tensors">The tensors that say it; they are copied.</param>
/// <param name="names">Their names, where they have any.</param>
internal sealed class ModelState(IEnumerable<Tensor> tensors, IReadOnlyList<string>? names = null) : IDisposable
{
    public string NameOf(int tensor) => names?[tensor] ?? "a part of itself";

    public IReadOnlyList<Tensor> Tensors { get; } = tensors.Select(tensor => tensor.clone().DetachFromDisposeScope()).ToArray();

    public void Dispose()
    {
        foreach (var tensor in Tensors)
            tensor.Dispose();
    }
}

/// <summary>A compiled model that can be run in segments.</summary>
internal interface ISegmentedModel
{
    /// <summary>The layers of each segment, by their indices; none where the model runs as a whole only.</summary>
    IReadOnlyList<IReadOnlyList<int>> Segments { get; }

    /// <summary>Runs a segment, for what its layers leave in their cells.</summary>
    /// <param name="segment">Which one.</param>
    /// <param name="batch">The inputs, or the values that the segment before has left; they stay as they are but for inputs.</param>
    /// <param name="index">Number of the batch, for messages.</param>
    /// <returns>The values that the next one starts from. Whoever takes them disposes of them.</returns>
    /// <exception cref="PreciseBnException">The model does not accept the batch, or fails on it.</exception>
    IReadOnlyList<Tensor> RunSegment(int segment, Batch batch, long index);
}

/// <summary>Which segment of a compiled model is run, and what the last batch left there.</summary>
internal sealed class CompiledSegments(ISegmentedModel model) : IModelSegments, IDisposable
{
    private IReadOnlyList<Tensor> _values = [];

    public IReadOnlyList<IReadOnlyList<int>> Layers => model.Segments;

    public int? Current { get; set; }

    /// <summary>Whether batches are values that the model leaves as they are.</summary>
    public bool KeepsBatches => Current > 0;

    /// <summary>Runs the current segment.</summary>
    public void Run(Batch batch, long index)
    {
        Dispose();
        _values = model.RunSegment(Current!.Value, batch, index);
    }

    public IReadOnlyList<Tensor> TakeValues()
    {
        var values = _values;
        _values = [];
        return values;
    }

    public void Dispose()
    {
        foreach (var value in TakeValues())
            value.Dispose();
    }
}

/// <summary>Such a state that the model can be put back into.</summary>
/// <param name="model">The model.</param>
/// <param name="batch">The number of its last batch.</param>
/// <param name="setBatch">Sets that number.</param>
internal sealed class CompiledState(ICompiledModel model, long batch, Action<long> setBatch) : IModelState
{
    private readonly ModelState _state = model.CopyState();

    public IReadOnlyList<string> Differences(IModelState other)
    {
        var (tensors, others) = (_state.Tensors, ((CompiledState)other)._state.Tensors);
        // A list may have grown.
        return Enumerable.Range(0, Math.Max(tensors.Count, others.Count))
            .Where(i => i >= tensors.Count || i >= others.Count || !TensorBytes.AreSame(tensors[i], others[i])).Select(_state.NameOf).Distinct().ToArray();
    }

    public void Restore()
    {
        model.SetState(_state);
        setBatch(batch);
    }

    public void Dispose() => _state.Dispose();
}
