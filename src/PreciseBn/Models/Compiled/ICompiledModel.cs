using PreciseBn.Batches;
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
    /// <param name="batch">The inputs.</param>
    /// <param name="index">Number of the batch, for messages.</param>
    /// <returns>Whether it came to its end; it may end behind the last layer that is asked for.</returns>
    /// <exception cref="PreciseBnException">The model does not accept the batch, or fails on it.</exception>
    bool Run(Batch batch, long index);

    /// <summary>What the last run returned, of a model that was compiled to return a tensor; it is the caller's.</summary>
    Tensor TakeOutput();
}

/// <summary>What a model was at some time, besides its weights and the statistics of its layers.</summary>
internal sealed class ModelState(IEnumerable<Tensor> tensors) : IDisposable
{
    public IReadOnlyList<Tensor> Tensors { get; } = tensors.Select(tensor => tensor.clone().DetachFromDisposeScope()).ToArray();

    public void Dispose()
    {
        foreach (var tensor in Tensors)
            tensor.Dispose();
    }
}
