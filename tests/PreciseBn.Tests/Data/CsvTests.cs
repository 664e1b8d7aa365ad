using System.IO.Compression;
using System.Text;
using PreciseBn.Data;
using PreciseBn.Data.Tables;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Tables as text become vectors of float32, or errors that say where the table is wrong.</summary>
public sealed class CsvTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("a,b\n1,2\n3,4\n", "1 2 3 4")]
    [InlineData("a;b\r\n1.5;-2e3\r\n.25;+4\r\n", "1.5 -2000 0.25 4")]
    [InlineData("a\tb\n1\t2\n3\t4", "1 2 3 4")]
    [InlineData("a|b\n1|2\n3|4", "1 2 3 4")]
    [InlineData("\"a, with comma\",\"b\"\"\"\n\"1\",2\n\n3, 4 \n", "1 2 3 4")]
    [InlineData("\ufeffa,b\n1,2\n3,4\n", "1 2 3 4")]
    [InlineData("0,1\n1,2\n3,4\n", "1 2 3 4")]
    [InlineData(",a,b\n0,1,2\n1,3,4\n", "1 2 3 4")]
    [InlineData("a,name,b,day\n1,x,True,2026-01-02\n3,y,false,2026-01-03\n", "1 1 3 0")]
    [InlineData("only\n16777217\n0.1\n", "16777216 0.1")]
    public void Columns_with_numbers_are_taken(string text, string values)
    {
        using var loader = Open(Write("table.csv", text));

        Assert.Equal(values.Split(' ').Select(Number), Values(loader));
        Assert.All(loader.Read(), batch => Assert.Equal([2L, loader.Columns.Count], batch.Inputs[0].shape));
    }

    [Fact]
    public void Packed_and_with_tabs_it_is_read_too()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write("a\tb,c\n1\t2\n"u8);
        File.WriteAllBytes(_folder.File("table.tsv.gz"), packed.ToArray());

        using var loader = Open(_folder.File("table.tsv.gz"));

        Assert.Equal(["a", "b,c"], loader.Columns);
        Assert.Equal([1f, 2f], Values(loader));
    }

    [Fact]
    public void Columns_come_in_the_order_that_they_are_asked_for_each_once()
    {
        var path = Write("table.csv", "label,f1,f2,f10\n9,1,2,10\n");
        var f = new ColumnPattern("f*", name => name.StartsWith('f'));

        Assert.Equal([10f, 1f, 2f], Values(Open(path, new() { Columns = [ColumnPattern.Exactly("f10"), f] })));
        Assert.Equal([1f, 10f], Values(Open(path, new() { Columns = [f], ExcludeColumns = [ColumnPattern.Exactly("f2")] })));
        Assert.Equal([1f, 2f, 10f], Values(Open(path, new() { ExcludeColumns = [ColumnPattern.Exactly("label")] })));
    }

    [Fact]
    public void Each_column_has_its_mean_and_deviation()
    {
        using var loader = Open(Write("table.csv", "a,b\n1,10\n3,30\n"), new() { Order = DataOrder.Sequential, Mean = [2, 20], StandardDeviation = [1, 10] });

        Assert.Equal([-1f, -1f, 1f, 1f], Values(loader));
    }

    [Fact]
    public void Further_files_need_the_columns_of_the_first_in_any_order()
    {
        var first = Write("part-1.csv", "a,b\n1,2\n");
        using var loader = BnDataLoader.FromFiles([Write("part-2.csv", "note,b,a\nx,4,3\n"), first], new() { Order = DataOrder.Sequential });

        Assert.Equal([1f, 2f, 3f, 4f], Values(loader));
        AssertFails("ColumnNotFound", "part-3.csv", () => BnDataLoader.FromFiles([first, Write("part-3.csv", "a,c\n1,2\n")], new() { Order = DataOrder.Sequential }));
    }

    [Theory]
    [InlineData("a,b\n1,2\n3,\n", "MissingValue", "an empty cell in line 3, column 'b'")]
    [InlineData("a,b\n1,\n", "MissingValue", "line 2, column 'b'")]
    [InlineData("a,b\n1,2\n3,NaN\n", "MissingValue", "'NaN' in line 3, column 'b'")]
    [InlineData("a,b\n1,1e39\n", "MissingValue", "'1e39' in line 2, column 'b'")]
    [InlineData("a,b\n\"1\",2\n3,four\n", "NotANumber", "'four' in line 3, column 'b'")]
    [InlineData("a;b\n1;2\n1,5;2\n", "NotANumber", "'1,5' in line 3, column 'a'")]
    [InlineData("a,b\n1,2\n1,2,3\n", "RaggedLine", "Line 3")]
    [InlineData("a,b\n1,2\n1\n", "RaggedLine", "has 1 cells, but the header has 2")]
    [InlineData("a,b\n1,2\n1,\"2\n3,4\n", "BadQuotes", "Line")]
    [InlineData("a,b\n1,2\"3\n", "BadQuotes", "Line 2")]
    [InlineData("0.5,1.5\n1,2\n", "NoHeader", "table.csv")]
    [InlineData("a,b\n", "NoItems", "table.csv")]
    [InlineData("", "NoItems", "table.csv")]
    [InlineData("name,day\nx,today\n", "NoColumns", "'name', 'day'")]
    public void What_is_wrong_is_told_with_line_and_column(string text, string errorId, string mentioned) =>
        AssertFails(errorId, mentioned, () => Open(Write("table.csv", text)));

    [Fact]
    public void Options_that_do_not_fit_are_an_error()
    {
        var path = Write("table.csv", "a,b\n1,2\n");

        AssertFails("ColumnNotFound", "'c'", () => Open(path, new() { Columns = [ColumnPattern.Exactly("c")] }));
        AssertFails("ColumnNotFound", "'c'", () => Open(path, new() { ExcludeColumns = [ColumnPattern.Exactly("c")] }));
        AssertFails("RaggedLine", "';'", () => Open(Write("ragged.csv", "a;b\n1;2;3\n"), new() { Delimiter = ';' }));
        AssertFails("NotATable", "npz", () => Open(Fixtures.Path("digits.calibration.npz"), new() { Columns = [ColumnPattern.Exactly("images")] }));
    }

    [Fact]
    public void A_line_or_cell_without_end_is_refused_before_it_fills_the_memory()
    {
        AssertFails("LimitExceeded", "cell", () => Open(Write("cell.csv", "a,b\n1," + new string('1', 40_000) + "\n")));
        AssertFails("LimitExceeded", "line", () => Open(Write("line.csv", "a,b\n1," + string.Concat(Enumerable.Repeat("1,", 17 << 20)))));
    }

    [Fact]
    public void Rows_beyond_the_memory_go_to_a_file_and_come_back_in_any_order()
    {
        using var rows = new RowStore("table.csv", mostMemory: 100);
        for (var i = 0; i < 1000; i++)
            rows.Add([i, -i]);
        var array = rows.ToArrays("table", 2, labels: null).Single();
        var pair = new float[2];

        Assert.Equal([1000L, 2L], array.Shape);
        foreach (var i in new[] { 999, 0, 500, 12 })
        {
            array.Read(i * 8, System.Runtime.InteropServices.MemoryMarshal.AsBytes(pair.AsSpan()));
            Assert.Equal([i, -i], pair);
        }
    }

    [Fact]
    public void The_file_of_a_table_that_fails_is_closed()
    {
        using var rows = new RowStore("table.csv", mostMemory: 0);

        Assert.Throws<InvalidOperationException>(() => rows.Fill(new(), () =>
        {
            rows.Add([1]);
            throw new InvalidOperationException();
        }));

        Assert.Throws<ObjectDisposedException>(() => rows.ToArrays("table", 1, labels: null));
    }

    public void Dispose() => _folder.Dispose();

    private static BnDataLoader Open(string path, BnDataLoaderOptions? options = null) => BnDataLoader.FromFiles([path], options ?? new() { Order = DataOrder.Sequential });

    private static float Number(string text) => float.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static float[] Values(BnDataLoader loader) => loader.Read().SelectMany(batch => batch.Inputs[0].data<float>().ToArray()).ToArray();

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder.File(name), text, new UTF8Encoding(false));
        return _folder.File(name);
    }

    private static void AssertFails(string errorId, string mentioned, Func<object> action)
    {
        var error = Assert.Throws<PreciseBnException>(action);
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(mentioned, error.Message);
    }
}
