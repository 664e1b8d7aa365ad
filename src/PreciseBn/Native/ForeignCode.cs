using TorchSharp;

namespace PreciseBn.Native;

/// <summary>
/// Runs code that is not ours, in the mode in which this was made: with gradients or without. It runs in no scope of ours, so that whatever
/// tensors it keeps, of those that it is given or makes, stay usable. The others are for the garbage collector, which does not know how
/// large they are: it is called before they are too many.
/// </summary>
internal sealed class ForeignCode
{
    private const long MostBytes = 256L << 20;
    private const long FewestBytesOfTensor = 16 << 10;

    private readonly bool _tracksGradients = torch.is_grad_enabled();
    private long _bytes;

    /// <summary>Runs the code; what it throws comes through.</summary>
    /// <param name="code">The code.</param>
    /// <param name="bytesOfTensor">How many bytes one of the tensors has that it works with, about; asked when it has run.</param>
    public T Run<T>(Func<T> code, Func<long> bytesOfTensor)
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        try
        {
            using var gradients = torch.set_grad_enabled(_tracksGradients);
            return code();
        }
        finally
        {
            var left = Math.Max(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount - before);
            _bytes += left * Math.Max(bytesOfTensor(), FewestBytesOfTensor);
            if (_bytes > MostBytes)
            {
                _bytes = 0;
                GC.Collect();
            }
        }
    }

    /// <summary>Handles of tensors that are given away: the tensors themselves may be disposed of afterwards.</summary>
    public static torch.Tensor Give(torch.Tensor tensor) => tensor.detach().DetachFromDisposeScope();

    /// <summary>The bytes of the largest of some tensors.</summary>
    public static long BytesOf(IEnumerable<torch.Tensor> tensors) => tensors.Select(tensor => tensor.numel() * tensor.element_size()).DefaultIfEmpty().Max();
}
