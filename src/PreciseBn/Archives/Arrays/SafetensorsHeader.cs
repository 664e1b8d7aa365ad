using System.Text.Json;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Archives.Arrays;

/// <summary>
/// The header of a safetensors file: its length as 64 bits, then JSON that gives each tensor's type, shape and range of
/// bytes, counted from the end of the header (github.com/huggingface/safetensors, "Format").
/// </summary>
internal static class SafetensorsHeader
{
    private const int LongestHeader = 100_000_000;
    private const string MetadataKey = "__metadata__";

    /// <summary>The tensors, in the order of the header.</summary>
    /// <exception cref="PreciseBnException">The header is damaged or hostile.</exception>
    public static IReadOnlyList<StoredArray> Read(SourceFile file)
    {
        var length = file.Length < 8 ? -1 : ReadInt64LittleEndian(file.Read(0, 8));
        if (length < 2 || length > file.Length - 8)
            throw FileErrors.Damaged(file.Path, "it does not begin with a safetensors header");
        if (length > LongestHeader)
            throw FileErrors.LimitExceeded(file.Path, $"its header claims {length} bytes");
        try
        {
            using var header = JsonDocument.Parse(file.Read(8, (int)length));
            return header.RootElement.EnumerateObject().Where(item => item.Name != MetadataKey)
                .Select(item => ReadTensor(file, item, 8 + length)).ToArray();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw FileErrors.Damaged(file.Path, "its safetensors header cannot be read");
        }
    }

    private static StoredArray ReadTensor(SourceFile file, JsonProperty item, long dataStart)
    {
        var shape = item.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
        var range = item.Value.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt64()).ToArray();
        var dtype = ElementType(file, item.Name, item.Value.GetProperty("dtype").GetString());
        if (range.Length != 2 || range[0] < 0 || range[1] < range[0] || range[1] > file.Length - dataStart
            || shape.Any(size => size < 0) || StoredArray.Size(dtype, shape) != range[1] - range[0])
            throw FileErrors.Damaged(file.Path, $"its tensor '{item.Name}' lies outside the file or has another size");
        return StoredArray.InFile(item.Name, dtype, shape, file, dataStart + range[0]);
    }

    private static DType ElementType(SourceFile file, string name, string? type) => type switch
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
        _ => throw FileErrors.Unsupported(file.Path, $"its tensor '{name}' is of the type '{type}'", "Save it as float32."),
    };
}
