using System.Globalization;
using ParquetSharp;

namespace PreciseBn.Data.Tables;

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
