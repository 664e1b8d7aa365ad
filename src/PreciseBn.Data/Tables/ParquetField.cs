using ParquetSharp;

namespace PreciseBn.Data.Tables;

/// <summary>A column of a Parquet file.</summary>
/// <param name="Name">The names of the groups it stands in, and its own, with dots between them.</param>
/// <param name="TypeName">What it holds, for people.</param>
/// <param name="HasNumbers">Whether it has a number for each row.</param>
internal sealed record ParquetField(string Name, string TypeName, bool HasNumbers)
{
    private static readonly HashSet<Type> Numbers =
    [
        typeof(float), typeof(double), typeof(Half), typeof(decimal), typeof(bool),
        typeof(sbyte), typeof(byte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong),
    ];

    public static ParquetField[] All(ParquetFileReader reader)
    {
        var schema = reader.FileMetaData.Schema;
        return Enumerable.Range(0, schema.NumColumns).Select(index => Of(schema.Column(index))).ToArray();
    }

    private static ParquetField Of(ColumnDescriptor column)
    {
        using var path = column.Path;
        var name = path.ToDotString();
        if (column.MaxRepetitionLevel > 0)
            return new(name, "lists", false);
        return TypeOf(column) is { } type ? new(name, type.Name, Numbers.Contains(type)) : new(name, $"{column.PhysicalType} of another kind", false);
    }

    private static Type? TypeOf(ColumnDescriptor column)
    {
        try
        {
            var type = column.GetSystemTypes(LogicalTypeFactory.Default, null).logicalType;
            return Nullable.GetUnderlyingType(type) ?? type;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            // Kinds that have no type in .NET do not keep the other columns from being read.
            return null;
        }
    }
}
