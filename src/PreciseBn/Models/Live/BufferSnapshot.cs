using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>
/// Copies of all buffers of a model. Running a model changes those of other layers too, of an unselected BatchNorm in
/// training mode for instance; when the snapshot is disposed of, all are what they were, in the same tensors.
/// </summary>
internal sealed class BufferSnapshot : IDisposable
{
    private readonly (Tensor Buffer, Tensor Copy)[] _buffers;

    public BufferSnapshot(nn.Module model) => _buffers = model.named_buffers()
        .Select(item => (item.buffer, item.buffer.clone().DetachFromDisposeScope())).ToArray();

    /// <summary>Whether a buffer differs from its copy.</summary>
    public bool HasChanged(Tensor buffer) =>
        _buffers.Any(item => ReferenceEquals(item.Buffer, buffer) && !allclose(item.Buffer, item.Copy, rtol: 0, atol: 0));

    public void Restore()
    {
        foreach (var (buffer, copy) in _buffers)
            buffer.copy_(copy);
    }

    public void Dispose()
    {
        Restore();
        foreach (var (_, copy) in _buffers)
            copy.Dispose();
    }
}
