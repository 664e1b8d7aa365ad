using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models;

/// <summary>What a file holds of a model: its tensors, and all else that makes it that model.</summary>
internal sealed class StoredWeights
{
    private readonly Dictionary<string, string> _traits = [];

    /// <summary>Parameters, buffers and constants.</summary>
    public List<StoredWeight> Tensors { get; } = [];

    /// <summary>Floating-point tensors that are in the file beside the model, such as the best loss so far; those of optimizers are not listed.</summary>
    public List<StoredWeight> Beside { get; } = [];

    /// <summary>What files of one model have in common besides tensors: classes, attributes, code.</summary>
    public IReadOnlyDictionary<string, string> Traits => _traits;

    /// <summary>Adds a trait.</summary>
    public void AddTrait(string name, string text) => _traits[name] = text;
}

/// <summary>A tensor in a file, and where its numbers are; of any shape, contiguous or not.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">Number format.</param>
/// <param name="Shape">Size of each dimension.</param>
/// <param name="Strides">Distance of neighbours in each dimension, in elements.</param>
/// <param name="Offset">Index of the first element in the memory that it lies in.</param>
/// <param name="Memory">That memory, which other tensors may share.</param>
internal sealed record StoredWeight(
    string Name, DType DType, IReadOnlyList<long> Shape, IReadOnlyList<long> Strides, long Offset, StoredMemory Memory)
{
    /// <summary>One behind the last of its elements, in elements of the memory.</summary>
    public long End => Offset + 1 + Shape.Zip(Strides).Sum(dimension => (dimension.First - 1) * dimension.Second);

    /// <summary>How many elements it has.</summary>
    public long Count => Shape.Aggregate(1L, (count, size) => count * size);

    /// <summary>A tensor of an archive.</summary>
    /// <exception cref="PreciseBnException">It does not lie in its entry, or that is compressed.</exception>
    public static StoredWeight Of(string name, ArchivedTensor tensor)
    {
        var (stored, entry, file) = (tensor.Tensor, tensor.Storage, tensor.Zip.File);
        if (!entry.IsStored)
            throw FileErrors.Compressed(file.Path, entry.Name);
        if (entry.Size % stored.DType.Size() != 0)
            throw FileErrors.Damaged(file.Path, $"its entry '{entry.Name}' ends within a number");
        RequireInside(stored, entry, file);
        return new StoredWeight(name, stored.DType, stored.Shape, stored.Strides, stored.Offset,
            new StoredMemory(file, entry.DataPosition(file), entry.Size, [entry, .. tensor.Outer]));
    }

    /// <summary>A tensor whose elements lie in a file in row-major order, by itself.</summary>
    public static StoredWeight InPlace(SourceFile file, string name, DType dtype, IReadOnlyList<long> shape, long position)
    {
        var strides = new long[shape.Count];
        for (var (i, stride) = (shape.Count - 1, 1L); i >= 0; stride *= shape[i--])
            strides[i] = stride;
        return new StoredWeight(name, dtype, shape, strides, 0, new StoredMemory(file, position, StoredArray.Size(dtype, shape), []));
    }

    /// <summary>Whether a tensor of the same shape has its elements at the same places of its memory. The stride of a single element leads nowhere.</summary>
    public bool LiesAs(StoredWeight other) =>
        Offset == other.Offset && Shape.Zip(Strides, other.Strides).All(dimension => dimension.First <= 1 || dimension.Second == dimension.Third);

    /// <summary>Number format and shape, for messages.</summary>
    public string Describe() => $"{DType} [{string.Join(", ", Shape)}]";

    private static void RequireInside(StoredTensor tensor, ZipEntry entry, SourceFile file)
    {
        var end = (Int128)tensor.Offset + 1;
        var isImpossible = tensor.Offset < 0;
        foreach (var (size, stride) in tensor.Shape.Zip(tensor.Strides))
        {
            isImpossible |= size < 0 || stride < 0;
            end += (Int128)Math.Max(size - 1, 0) * stride;
        }
        if (isImpossible || (!tensor.Shape.Contains(0) && end > entry.Size / tensor.DType.Size()))
            throw FileErrors.Damaged(file.Path, $"a tensor lies outside its entry '{entry.Name}'");
    }
}

/// <summary>A run of bytes in a file that tensors lie in.</summary>
/// <param name="File">The file.</param>
/// <param name="Position">Where it begins.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Containers">The zip entries whose checksums cover it, from the innermost out; the innermost is the memory itself.</param>
internal sealed record StoredMemory(SourceFile File, long Position, long Size, IReadOnlyList<ZipEntry> Containers);
