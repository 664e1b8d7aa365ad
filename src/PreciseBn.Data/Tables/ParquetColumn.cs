using System.Globalization;
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

/// <summary>Reads a column of a group of rows as float32, whatever numbers it holds.</summary>
internal sealed class ParquetColumn : IDisposable
{
    private readonly LogicalColumnReader _reader;
    private readonly Func<float[], int, int> _read;

    public ParquetColumn(RowGroupReader group, int index)
    {
        _reader = group.Column(index).LogicalReader();
        _read = _reader.Apply(new Reading());
    }

    /// <summary>Reads the next rows; NaN where there is no number.</summary>
    /// <exception cref="EndOfStreamException">The column has fewer rows than its group.</exception>
    public void Read(float[] numbers, int count)
    {
        if (_read(numbers, count) < count)
            throw new EndOfStreamException("a column has fewer rows than the others");
    }

    public void Dispose() => _reader.Dispose();

    private static float ToSingle<T>(T value) => value switch
    {
        null => float.NaN,
        float number => number,
        double number => (float)number,
        Half number => (float)number,
        _ => Convert.ToSingle(value, CultureInfo.InvariantCulture),
    };

    private sealed class Reading : ILogicalColumnReaderVisitor<Func<float[], int, int>>
    {
        public Func<float[], int, int> OnLogicalColumnReader<TValue>(LogicalColumnReader<TValue> columnReader)
        {
            var values = Array.Empty<TValue>();
            return (numbers, count) =>
            {
                if (values.Length < count)
                    values = new TValue[count];
                var read = columnReader.ReadBatch(values, 0, count);
                for (var i = 0; i < read; i++)
                    numbers[i] = ToSingle(values[i]);
                return read;
            };
        }
    }
}
