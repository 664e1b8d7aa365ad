using Parquet;
using Parquet.Schema;

namespace PreciseBn.Data.Tables;

/// <summary>Reads a column of a Parquet file as float32, whatever numbers it holds.</summary>
internal static class ParquetColumn
{
    private static readonly HashSet<Type> Numbers =
    [
        typeof(float), typeof(double), typeof(decimal), typeof(bool),
        typeof(sbyte), typeof(byte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong),
    ];

    /// <summary>Whether the column has a number for each row.</summary>
    public static bool HasNumbers(DataField field) => !field.IsArray && field.MaxRepetitionLevel == 0 && Numbers.Contains(field.ClrType);

    /// <summary>The numbers of a group of rows; NaN where there is none.</summary>
    public static Task<float[]> ReadAsync(ParquetRowGroupReader group, DataField field) => Type.GetTypeCode(field.ClrType) switch
    {
        TypeCode.Single => ReadAsync<float>(group, field, value => value),
        TypeCode.Double => ReadAsync<double>(group, field, value => (float)value),
        TypeCode.Decimal => ReadAsync<decimal>(group, field, value => (float)value),
        TypeCode.Boolean => ReadAsync<bool>(group, field, value => value ? 1 : 0),
        TypeCode.SByte => ReadAsync<sbyte>(group, field, value => value),
        TypeCode.Byte => ReadAsync<byte>(group, field, value => value),
        TypeCode.Int16 => ReadAsync<short>(group, field, value => value),
        TypeCode.UInt16 => ReadAsync<ushort>(group, field, value => value),
        TypeCode.Int32 => ReadAsync<int>(group, field, value => value),
        TypeCode.UInt32 => ReadAsync<uint>(group, field, value => value),
        TypeCode.Int64 => ReadAsync<long>(group, field, value => value),
        _ => ReadAsync<ulong>(group, field, value => value),
    };

    private static async Task<float[]> ReadAsync<T>(ParquetRowGroupReader group, DataField field, Func<T, float> convert) where T : struct
    {
        var count = checked((int)group.RowCount);
        if (field.IsNullable)
        {
            var values = new T?[count];
            await group.ReadAsync<T>(field, values.AsMemory()).ConfigureAwait(false);
            return Array.ConvertAll(values, value => value is { } number ? convert(number) : float.NaN);
        }
        var all = new T[count];
        await group.ReadAsync<T>(field, all.AsMemory()).ConfigureAwait(false);
        return Array.ConvertAll(all, value => convert(value));
    }
}
