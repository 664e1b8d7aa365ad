using System.Runtime.InteropServices;
using PreciseBn.Batches;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Data.Images;

/// <summary>A batch that images are written into one after the other.</summary>
/// <param name="most">The most images that there will be.</param>
/// <param name="channels">Number of channels of each.</param>
internal sealed class ImageBatch(int most, int channels) : IDisposable
{
    private readonly List<string> _paths = [];
    private readonly List<long> _labels = [];
    private Tensor? _items;

    /// <summary>The place of the next image. It is only in the batch after <see cref="Add"/>.</summary>
    /// <exception cref="PreciseBnException">It is not as large as those before.</exception>
    public Span<float> Next(string path, int width, int height)
    {
        if (_paths.Count == 0)
        {
            _items?.Dispose();
            _items = empty([most, channels, height, width], ScalarType.Float32);
        }
        else if (_items!.shape[3] != width || _items.shape[2] != height)
            throw DataErrors.SizesDiffer(path, width, height, (int)_items.shape[3], (int)_items.shape[2]);
        return MemoryMarshal.Cast<byte, float>(TensorBytes.OfItems(_items, _paths.Count));
    }

    /// <summary>Keeps the image that was written into its place.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="label">Its class, if that is wanted.</param>
    public void Add(string path, long? label)
    {
        _paths.Add(path);
        if (label is { } known)
            _labels.Add(known);
    }

    /// <summary>The images that were added, as a batch that its taker disposes of; <c>null</c> if there are none.</summary>
    public Batch? Take()
    {
        if (_paths.Count == 0)
            return null;
        if (_paths.Count < most)
        {
            using var all = _items!;
            using var used = all.narrow(0, 0, _paths.Count);
            _items = used.clone();
        }
        var origin = _paths.Count == 1 ? _paths[0] : $"{_paths[0]} and {_paths.Count - 1} more";
        var batch = new Batch([_items!], isOwned: true, origin) { Labels = _labels.Count > 0 ? tensor(_labels.ToArray()) : null };
        _items = null;
        return batch;
    }

    public void Dispose() => _items?.Dispose();
}
