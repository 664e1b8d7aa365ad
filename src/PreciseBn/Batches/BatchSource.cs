using static TorchSharp.torch;

namespace PreciseBn.Batches;

/// <summary>Whose tensors are that a source yields.</summary>
public enum TensorOwnership
{
    /// <summary>The caller's, who disposes of them.</summary>
    Caller,

    /// <summary>The batch's: each is disposed of when the model has run on it.</summary>
    Batch,
}

/// <summary>Makes batches of what a program has. None of it is taken before it is needed, and nothing is kept.</summary>
public static class BatchSource
{
    /// <summary>Each tensor is a batch of a model with one input.</summary>
    /// <param name="tensors">The tensors; measuring may go through them more than once.</param>
    /// <param name="ownership">Whose they are.</param>
    public static IBatchSource Of(IEnumerable<Tensor> tensors, TensorOwnership ownership = TensorOwnership.Caller) =>
        From(tensors, tensor => [tensor], ownership);

    /// <summary>Each item is a batch, of which a selector gives the inputs of the model, in their order.</summary>
    /// <param name="items">The items: those of a DataLoader, for instance.</param>
    /// <param name="inputs">The inputs of an item: <c>item => [item["images"]]</c>, for instance.</param>
    /// <param name="ownership">Whose these tensors are.</param>
    /// <param name="labels">The labels of an item, for <see cref="BnEvaluator"/>: <c>item => item["labels"]</c>, for instance.</param>
    public static IBatchSource From<T>(
        IEnumerable<T> items, Func<T, IReadOnlyList<Tensor>> inputs, TensorOwnership ownership = TensorOwnership.Caller, Func<T, Tensor>? labels = null) =>
        new SelectedBatches<T>(
            items ?? throw new ArgumentNullException(nameof(items)), inputs ?? throw new ArgumentNullException(nameof(inputs)), labels, ownership == TensorOwnership.Batch);

    /// <summary>Each tensor is a batch of a model with one input; the next one is awaited while none is there.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="ownership">Whose they are.</param>
    public static IBatchSource FromAsync(IAsyncEnumerable<Tensor> tensors, TensorOwnership ownership = TensorOwnership.Caller) =>
        new AwaitedBatches(tensors ?? throw new ArgumentNullException(nameof(tensors)), ownership == TensorOwnership.Batch);

    private sealed class SelectedBatches<T>(IEnumerable<T> items, Func<T, IReadOnlyList<Tensor>> inputs, Func<T, Tensor>? labels, bool isOwned) : IBatchSource
    {
        public long? BatchCount => items.TryGetNonEnumeratedCount(out var count) ? count : null;

        public IEnumerable<Batch> Read(CancellationToken cancellation)
        {
            foreach (var item in items)
            {
                cancellation.ThrowIfCancellationRequested();
                yield return new Batch(inputs(item), isOwned) { Labels = labels?.Invoke(item) };
            }
        }
    }

    private sealed class AwaitedBatches(IAsyncEnumerable<Tensor> tensors, bool isOwned) : IBatchSource
    {
        public long? BatchCount => null;

        public IEnumerable<Batch> Read(CancellationToken cancellation) =>
            tensors.ToBlockingEnumerable(cancellation).Select(tensor => new Batch([tensor], isOwned));
    }
}
