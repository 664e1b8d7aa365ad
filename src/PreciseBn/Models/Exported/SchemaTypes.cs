using System.Text.Json;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Exported;

/// <summary>The numbers by which the schema of torch.export names types (torch/_export/serde/schema.py).</summary>
internal static class SchemaTypes
{
    /// <returns>The number format, or <c>null</c> where statistics and weights are never kept in it.</returns>
    public static DType? ToDType(int scalarType) => scalarType switch
    {
        1 => DType.UInt8,
        2 => DType.Int8,
        3 => DType.Int16,
        4 => DType.Int32,
        5 => DType.Int64,
        6 => DType.Float16,
        7 => DType.Float32,
        8 => DType.Float64,
        12 => DType.Bool,
        13 => DType.BFloat16,
        _ => null,
    };

    /// <returns>The number by which TorchScript names it, or <c>null</c> where it has none.</returns>
    public static int? ToScriptType(int scalarType) => scalarType switch
    {
        >= 1 and <= 12 => (int)(scalarType == 12 ? ScalarType.Bool : (ScalarType)(scalarType - 1)),
        13 => (int)ScalarType.BFloat16,
        _ => null,
    };

    /// <inheritdoc cref="ToScriptType"/>
    public static int? ToScriptMemoryFormat(int memoryFormat) => memoryFormat switch
    {
        1 => 0,
        2 => 2,
        3 => 3,
        4 => 1,
        _ => null,
    };

    /// <inheritdoc cref="ToScriptType"/>
    public static int? ToScriptLayout(int layout) => layout == 7 ? 0 : null;

    /// <summary>Sizes or strides, all of them numbers.</summary>
    public static long[] Integers(JsonElement sizes) =>
        sizes.EnumerateArray().Select(size => size.GetProperty("as_int").GetInt64()).ToArray();
}
