using System.Text;
using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Formats;

/// <summary>A tensor in a file that TorchSharp wrote.</summary>
/// <param name="Name">Its name in the state_dict.</param>
/// <param name="DType">Number format; <c>null</c> for one that statistics are never kept in.</param>
/// <param name="Shape">Size of each dimension.</param>
/// <param name="Position">Where its elements begin in the file.</param>
internal sealed record TorchSharpTensor(string Name, DType? DType, IReadOnlyList<long> Shape, long Position);

/// <summary>
/// What <c>Module.save</c> of TorchSharp writes: the number of tensors, then for each its name behind its length, its type, the
/// number of its dimensions and these, and its elements. All numbers are in LEB128, 7 bits to a byte, the lowest first.
/// </summary>
internal sealed class TorchSharpFile
{
    private const int LongestName = 4096;
    private const int MostDimensions = 25;
    private const int MostTensors = 1 << 20;
    private const int LongestNumber = 9;
    private const int LongestHead = LongestName + ((MostDimensions + 3) * LongestNumber);

    private readonly SourceFile _file;
    private byte[] _head = [];
    private int _at;

    private TorchSharpFile(SourceFile file) => _file = file;

    /// <returns>Its tensors in order, or <c>null</c> where the file does not begin as TorchSharp's do.</returns>
    /// <exception cref="PreciseBnException">It does, and is damaged.</exception>
    public static IReadOnlyList<TorchSharpTensor>? TryRead(SourceFile file)
    {
        var reader = new TorchSharpFile(file);
        reader.MoveTo(0);
        if (reader.TryNumber() is not (>= 1 and <= MostTensors and var count))
            return null;
        var tensors = new List<TorchSharpTensor>();
        for (var position = (long)reader._at; tensors.Count < count;)
        {
            if (reader.TryTensor(position) is not var (tensor, end))
                return tensors.Count == 0 ? null : throw FileErrors.Damaged(file.Path, $"no tensor can be read behind '{tensors[^1].Name}'");
            tensors.Add(tensor);
            position = end;
        }
        return tensors;
    }

    private static DType? ElementType(long type) => type switch
    {
        0 => DType.UInt8,
        1 => DType.Int8,
        2 => DType.Int16,
        3 => DType.Int32,
        4 => DType.Int64,
        5 => DType.Float16,
        6 => DType.Float32,
        7 => DType.Float64,
        11 => DType.Bool,
        15 => DType.BFloat16,
        _ => null,
    };

    // Complex numbers of half, single and double precision, which no statistics are kept in.
    private static int? ComplexSize(long type) => type switch { 8 => 4, 9 => 8, 10 => 16, _ => null };

    private (TorchSharpTensor Tensor, long End)? TryTensor(long position)
    {
        MoveTo(position);
        if (TryName() is not { } name || TryNumber() is not { } type || TryNumber() is not (>= 0 and <= MostDimensions and var dimensions))
            return null;
        var shape = new long[dimensions];
        for (var i = 0; i < shape.Length; i++)
        {
            if (TryNumber() is not { } size)
                return null;
            shape[i] = size;
        }
        var dtype = ElementType(type);
        if ((dtype?.Size() ?? ComplexSize(type)) is not { } elementSize)
            return null;
        var start = position + _at;
        var bytes = (Int128)elementSize;
        foreach (var size in shape)
            bytes = Int128.Min(bytes * size, long.MaxValue);
        if (bytes > _file.Length - start)
            return null;
        return (new TorchSharpTensor(name, dtype, shape, start), start + (long)bytes);
    }

    private void MoveTo(long position)
    {
        _head = _file.Read(position, (int)Math.Min(LongestHead, _file.Length - position));
        _at = 0;
    }

    private string? TryName()
    {
        if (TryNumber() is not (>= 1 and <= LongestName and var length) || length > _head.Length - _at)
            return null;
        try
        {
            var name = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(_head, _at, (int)length);
            _at += (int)length;
            return name.Any(char.IsControl) ? null : name;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private long? TryNumber()
    {
        var number = 0L;
        for (var i = 0; i < LongestNumber && _at < _head.Length; i++)
        {
            var part = _head[_at++];
            number |= (long)(part & 0x7f) << (7 * i);
            if (part < 0x80)
                return number;
        }
        return null;
    }
}
