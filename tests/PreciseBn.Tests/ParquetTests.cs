using PreciseBn.Data;
using PreciseBn.Data.Tables;
using PreciseBn.Tests.Support;

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
    public void Rows_come_in_any_order()
    {
        using var loader = Open("tables/numbers.parquet", new() { Columns = [ColumnPattern.Exactly("i"), ColumnPattern.Exactly("f")], Shuffle = true, Seed = 1, BatchSize = 3 });

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

        AssertFails("DamagedFile", path, () => BnDataLoader.FromFiles([path], new()));
    }

    public void Dispose() => _folder.Dispose();

    private static BnDataLoader Open(string fixture, BnDataLoaderOptions options) => BnDataLoader.FromFiles([Fixtures.Path(fixture)], options);

    private static float[] Values(BnDataLoader loader) => loader.SelectMany(batch => batch.Inputs[0].data<float>().ToArray()).ToArray();

    private static void AssertFails(string errorId, string mentioned, Func<object> action)
    {
        var error = Assert.Throws<PreciseBnException>(action);
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(mentioned, error.Message);
    }
}
