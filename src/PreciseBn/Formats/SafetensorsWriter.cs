using System.Buffers;
using System.Text.Json;
using PreciseBn.Primitives;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Formats;

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

    public byte[] ToBytes()
    {
        var header = Header();
        var output = new MemoryStream();
        Span<byte> length = stackalloc byte[SafetensorsHeader.LengthSize];
        WriteInt64LittleEndian(length, header.Length);
        output.Write(length);
        output.Write(header);
        foreach (var (_, dtype, _, values) in _tensors)
        {
            var bytes = new byte[values.Length * dtype.Size()];
            for (var i = 0; i < values.Length; i++)
                NumberFormat.Write(dtype, values[i], bytes.AsSpan(i * dtype.Size()));
            output.Write(bytes);
        }
        return output.ToArray();
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
