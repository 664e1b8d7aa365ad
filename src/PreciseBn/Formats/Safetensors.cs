using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using PreciseBn.Files;
using PreciseBn.Primitives;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Formats;

/// <summary>
/// The header of a safetensors file: its length as 64 bits, then JSON that gives each tensor's type, shape and range of
/// bytes, counted from the end of the header (github.com/huggingface/safetensors, "Format").
/// </summary>
/// <param name="Tensors">The tensors of known types, in the order of the header.</param>
/// <param name="Metadata">The texts that the file carries beside them.</param>
internal sealed record SafetensorsHeader(IReadOnlyList<SafetensorsTensor> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    public const string MetadataKey = "__metadata__";
    public const string ChecksumKey = "precise_bn.sha256";
    public const int LengthSize = sizeof(long);

    private const int LongestHeader = 100_000_000;

    /// <summary>The tensors of other types, such as complex numbers and those of 8 bits: their names, and these types.</summary>
    public IReadOnlyList<(string Name, string? Type)> Others { get; private init; } = [];

    /// <summary>Whether a file begins as a safetensors file does.</summary>
    public static bool IsAtStart(SourceFile file) =>
        file.Length > LengthSize && Length(file) is >= 2 && file.Read(LengthSize, 1)[0] == '{';

    /// <exception cref="PreciseBnException">The header is damaged or hostile.</exception>
    public static SafetensorsHeader Read(SourceFile file)
    {
        var length = Length(file) ?? throw FileErrors.Damaged(file.Path, "it does not begin with a safetensors header");
        if (length > LongestHeader)
            throw FileErrors.LimitExceeded(file.Path, $"its header claims {length} bytes");
        try
        {
            using var header = JsonDocument.Parse(file.Read(LengthSize, (int)length));
            var tensors = header.RootElement.EnumerateObject().Where(item => item.Name != MetadataKey)
                .Select(item => ReadTensor(file, item, LengthSize + length)).OfType<SafetensorsTensor>().ToArray();
            var metadata = header.RootElement.TryGetProperty(MetadataKey, out var texts)
                ? texts.EnumerateObject().DistinctBy(text => text.Name).ToDictionary(text => text.Name, text => text.Value.GetString() ?? "")
                : [];
            var others = header.RootElement.EnumerateObject().Where(item => item.Name != MetadataKey)
                .Select(item => (item.Name, Type: item.Value.GetProperty("dtype").GetString())).Where(item => ElementType(item.Type) is null).ToArray();
            return new SafetensorsHeader(tensors, metadata) { Others = others };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw FileErrors.Damaged(file.Path, "its safetensors header cannot be read");
        }
    }

    /// <summary>The header of a file that was written here.</summary>
    /// <param name="file">The file.</param>
    /// <param name="key">What the metadata of such a file have.</param>
    /// <returns>The header, or <c>null</c> if the file is another.</returns>
    /// <exception cref="PreciseBnException">The file is damaged: its numbers are not those that were written.</exception>
    public static SafetensorsHeader? TryReadOwn(SourceFile file, string key)
    {
        if (!IsAtStart(file) || Read(file) is not { } header || !header.Metadata.ContainsKey(key))
            return null;
        header.RequireChecksum(file);
        return header;
    }

    private void RequireChecksum(SourceFile file)
    {
        if (!Metadata.TryGetValue(ChecksumKey, out var expected))
            throw FileErrors.Damaged(file.Path, "it has no checksum of its numbers");
        using var numbers = file.OpenRange(LengthSize + Length(file)!.Value, file.Length - LengthSize - Length(file)!.Value);
        if (Convert.ToHexString(SHA256.HashData(numbers)).ToLowerInvariant() != expected)
            throw FileErrors.Damaged(file.Path, "its numbers do not match their checksum");
    }

    private static long? Length(SourceFile file)
    {
        var length = file.Length < LengthSize ? -1 : ReadInt64LittleEndian(file.Read(0, LengthSize));
        return length >= 2 && length <= file.Length - LengthSize ? length : null;
    }

    private static SafetensorsTensor? ReadTensor(SourceFile file, JsonProperty item, long dataStart)
    {
        var shape = item.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
        var range = item.Value.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt64()).ToArray();
        if (ElementType(item.Value.GetProperty("dtype").GetString()) is not { } dtype)
            return null;
        if (range.Length != 2 || range[0] < 0 || range[1] < range[0] || range[1] > file.Length - dataStart
            || shape.Any(size => size < 0) || StoredArray.Size(dtype, shape) != range[1] - range[0])
            throw FileErrors.Damaged(file.Path, $"its tensor '{item.Name}' lies outside the file or has another size");
        return new SafetensorsTensor(item.Name, dtype, shape, dataStart + range[0]);
    }

    private static DType? ElementType(string? type) => type switch
    {
        "F32" => DType.Float32,
        "F64" => DType.Float64,
        "F16" => DType.Float16,
        "BF16" => DType.BFloat16,
        "I64" => DType.Int64,
        "I32" => DType.Int32,
        "I16" => DType.Int16,
        "I8" => DType.Int8,
        "U8" => DType.UInt8,
        "BOOL" => DType.Bool,
        _ => null,
    };
}

/// <summary>What the header of a safetensors file says of a tensor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">Number format.</param>
/// <param name="Shape">Size of each dimension.</param>
/// <param name="Position">Where its elements begin in the file.</param>
internal sealed record SafetensorsTensor(string Name, DType DType, IReadOnlyList<long> Shape, long Position);

/// <summary>Makes a safetensors file of numeric arrays and texts.</summary>
internal sealed class SafetensorsWriter
{
    // The data begin at a multiple of this, as the safetensors library makes them.
    private const int Alignment = 8;

    private readonly List<(string Name, DType DType, long[] Shape, double[] Values)> _tensors = [];

    public Dictionary<string, string> Metadata { get; } = [];

    public void Add(string name, double[] values) => _tensors.Add((name, DType.Float64, [values.Length], values));

    /// <summary>Adds a matrix, given row by row.</summary>
    public void AddRows(string name, int rows, double[] values) =>
        _tensors.Add((name, DType.Float64, [rows, values.Length / rows], values));

    public void AddCount(string name, long value) => _tensors.Add((name, DType.Int64, [], [value]));

    /// <summary>The file; its metadata have a checksum of the numbers, see <see cref="SafetensorsHeader.TryReadOwn"/>.</summary>
    public byte[] ToBytes()
    {
        var numbers = Numbers();
        Metadata[SafetensorsHeader.ChecksumKey] = Convert.ToHexString(SHA256.HashData(numbers)).ToLowerInvariant();
        var header = Header();
        var output = new byte[SafetensorsHeader.LengthSize + header.Length + numbers.Length];
        WriteInt64LittleEndian(output, header.Length);
        header.CopyTo(output.AsSpan(SafetensorsHeader.LengthSize));
        numbers.CopyTo(output.AsSpan(SafetensorsHeader.LengthSize + header.Length));
        return output;
    }

    private byte[] Numbers()
    {
        var bytes = new byte[_tensors.Sum(tensor => tensor.Values.Length * tensor.DType.Size())];
        var at = 0;
        foreach (var (_, dtype, _, values) in _tensors)
        {
            foreach (var value in values)
            {
                NumberFormat.Write(dtype, value, bytes.AsSpan(at));
                at += dtype.Size();
            }
        }
        return bytes;
    }

    private byte[] Header()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject(SafetensorsHeader.MetadataKey);
            foreach (var (key, value) in Metadata)
                json.WriteString(key, value);
            json.WriteEndObject();
            var position = 0L;
            foreach (var (name, dtype, shape, values) in _tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", dtype == DType.Int64 ? "I64" : "F64");
                json.WriteStartArray("shape");
                foreach (var size in shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(position);
                json.WriteNumberValue(position += values.Length * dtype.Size());
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        var text = buffer.WrittenSpan;
        var padded = new byte[(text.Length + Alignment - 1) / Alignment * Alignment];
        Array.Fill(padded, (byte)' ');
        text.CopyTo(padded);
        return padded;
    }
}
