using ParquetSharp;
using PreciseBn.Data;
using PreciseBn.Data.Tables;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using Encoding = System.Text.Encoding;

namespace PreciseBn.Tests;

/// <summary>Parquet tables, written by arrow-rs; the values stand in tests/fixtures/README.md.</summary>
public sealed class ParquetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("tables/numbers.parquet")]
    [InlineData("tables/numbers-zstd.parquet")]
    public void Columns_with_numbers_of_any_type_are_taken_over_all_groups_of_rows(string fixture)
    {
        using var loader = Open(fixture, new() { ExcludeColumns = [ColumnPattern.Exactly("hole")] });

        Assert.Equal(["f", "d", "i", "l", "b"], loader.Columns);
        Assert.Equal(
            Enumerable.Range(0, 10).SelectMany(row => new[] { row + 0.5f, -row * 0.25f, row * 1000f, row * 5e9f, row % 2 }), Values(loader));
    }

    [Fact]
    public void Every_kind_of_number_is_taken_and_nothing_else()
    {
        var path = _folder.File("kinds.parquet");
        Column[] columns =
        [
            new Column<Half>("half"), new Column<decimal>("decimal", LogicalType.Decimal(precision: 29, scale: 3)), new Column<byte?>("byte"),
            new Column<ulong>("ulong"), new Column<DateTime>("time"), new Column<float[]>("list"), new Column<Guid>("guid"),
        ];
        using (var writer = new ParquetFileWriter(path, columns))
        {
            using var group = writer.AppendRowGroup();
            Write(group, (Half)0.5f, (Half)(-2));
            Write(group, 1.125m, -3.25m);
            Write<byte?>(group, 255, 0);
            Write(group, 1UL << 63, 7UL);
            Write(group, DateTime.UnixEpoch, DateTime.UnixEpoch);
            Write(group, [1f, 2f], Array.Empty<float>());
            Write(group, Guid.Empty, Guid.Empty);
            writer.Close();
        }

        using var loader = BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential });

        Assert.Equal(["half", "decimal", "byte", "ulong"], loader.Columns);
        Assert.Equal([0.5f, 1.125f, 255, 9.223372e18f, -2, -3.25f, 0, 7], Values(loader));
        AssertFails("NotANumber", "holds lists", () => BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential, Columns = [ColumnPattern.Exactly("list.list.item")] }));
    }

    [Fact]
    public void Rows_come_in_any_order()
    {
        using var loader = Open("tables/numbers.parquet", new() { Columns = [ColumnPattern.Exactly("i"), ColumnPattern.Exactly("f")], Order = DataOrder.Shuffled, Seed = 1, BatchSize = 3 });

        var rows = Values(loader).Chunk(2).ToArray();

        Assert.All(rows, row => Assert.Equal(row[0] / 1000, row[1] - 0.5f));
        Assert.Equal(Enumerable.Range(0, 10).Select(row => row * 1000f), rows.Select(row => row[0]).Order());
        Assert.NotEqual(rows.Select(row => row[0]).Order(), rows.Select(row => row[0]));
    }

    [Fact]
    public void A_null_is_told_with_row_and_column() => AssertFails("MissingValue", "row 8, column 'hole'", () => Open("tables/numbers.parquet", new()));

    [Fact]
    public void A_column_of_text_is_no_numbers() =>
        AssertFails("NotANumber", "'name'", () => Open("tables/numbers.parquet", new() { Columns = [ColumnPattern.Exactly("name")] }));

    [Fact]
    public void Half_a_file_is_an_error()
    {
        var path = _folder.File("half.parquet");
        File.WriteAllBytes(path, File.ReadAllBytes(Fixtures.Path("tables/numbers.parquet"))[..2000]);

        AssertFails("DamagedFile", path, () => BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential }));
    }

    // A column of one value packs to next to nothing, so that a small file can say that it has any number of rows.
    [Fact]
    public void More_rows_than_a_file_can_have_are_not_read()
    {
        const int Rows = (1 << 20) + 1, Claimed = Rows << 5;
        var path = _folder.File("claims.parquet");
        using (var writer = new ParquetFileWriter(path, [new Column<bool>("b")]))
        {
            using var group = writer.AppendRowGroup();
            Write(group, new bool[Rows]);
            writer.Close();
        }
        File.WriteAllBytes(path, Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(File.ReadAllBytes(path)).Replace(Varint(Rows), Varint(Claimed), StringComparison.Ordinal)));

        AssertFails("LimitExceeded", $"a group of {Claimed} rows", () => BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential }));
    }

    public void Dispose() => _folder.Dispose();

    // A number as the metadata have it (Thrift's compact protocol), a byte for each character.
    private static string Varint(int number)
    {
        var text = "";
        for (var rest = 2L * number; rest > 0 || text.Length == 0; rest >>= 7)
            text += (char)((rest & 127) | (rest > 127 ? 128L : 0));
        return text;
    }

    private static BnDataLoader Open(string fixture, BnDataLoaderOptions options) => BnDataLoader.FromFiles([Fixtures.Path(fixture)], options with { Order = options.Order ?? DataOrder.Sequential });

    private static float[] Values(BnDataLoader loader) => loader.Read().SelectMany(batch => batch.Inputs[0].data<float>().ToArray()).ToArray();

    private static void Write<T>(RowGroupWriter group, params T[] values)
    {
        using var column = group.NextColumn();
        using var writer = column.LogicalWriter<T>();
        writer.WriteBatch(values);
    }

    private static void AssertFails(string errorId, string mentioned, Func<object> action)
    {
        var error = Assert.Throws<PreciseBnException>(action);
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(mentioned, error.Message);
    }
}
