using System.Globalization;
using System.IO.Compression;
using CsvHelper;
using CsvHelper.Configuration;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Data.Tables;

/// <summary>
/// A table as text (RFC 4180), packed by gzip or not: a line of names, then a line for each item. Numbers are written as in
/// programs, with a point.
/// </summary>
internal sealed class CsvTable
{
    private const int LongestCell = 1 << 15;
    private static readonly string[] Delimiters = [",", ";", "\t", "|"];

    private readonly string _path;
    private readonly CsvParser _parser;

    private CsvTable(string path, CsvParser parser)
    {
        _path = path;
        _parser = parser;
    }

    public static bool IsCsv(string path) => Ending(path) is ".csv" or ".tsv";

    /// <exception cref="PreciseBnException">A cell that is wanted holds no number, or the file is none of this kind.</exception>
    public static ArrayFile Read(SourceFile file, BnDataLoaderOptions options)
    {
        var rows = new RowStore(file.Path);
        return rows.Fill(options, () =>
        {
            try
            {
                using var parser = new CsvParser(new LineLimit(Open(file), file.Path), Configuration(file.Path, options));
                return new CsvTable(file.Path, parser).Read(rows, options);
            }
            catch (MaxFieldSizeException)
            {
                throw FileErrors.LimitExceeded(file.Path, $"it has a cell of more than {LongestCell} characters");
            }
            catch (InvalidDataException)
            {
                throw FileErrors.Damaged(file.Path, "it cannot be unpacked");
            }
        });
    }

    /// <exception cref="PreciseBnException">The file is none of this kind.</exception>
    public static string[] Columns(SourceFile file)
    {
        using var parser = new CsvParser(new LineLimit(Open(file), file.Path), Configuration(file.Path, new()));
        return new CsvTable(file.Path, parser).ReadNames();
    }

    private string[] Read(RowStore rows, BnDataLoaderOptions options)
    {
        var names = ReadNames();
        if (!_parser.Read())
            return ColumnSelection.Choose(names, _ => true, options, _path).Select(index => names[index]).ToArray();
        RequireCells(names);
        var columns = ColumnSelection.Choose(names, index => _parser[index].Length == 0 || TryParse(_parser[index], out _), options, _path);
        var row = new float[columns.Length];
        do
        {
            RequireCells(names);
            for (var i = 0; i < columns.Length; i++)
                row[i] = Number(_parser[columns[i]], names[columns[i]]);
            rows.Add(row);
        }
        while (_parser.Read());
        return columns.Select(index => names[index]).ToArray();
    }

    private string[] ReadNames()
    {
        if (!_parser.Read())
            throw TableErrors.NoRows(_path);
        var names = Enumerable.Range(0, _parser.Count).Select(index => _parser[index].Trim()).ToArray();
        // pandas names columns that have no names 0, 1, 2 and so on.
        if (names.All(name => TryParse(name, out _)) && names.Where((name, index) => name != $"{index}").Any())
            throw TableErrors.NoHeader(_path);
        return names;
    }

    private void RequireCells(string[] names)
    {
        if (_parser.Count != names.Length)
            throw TableErrors.RaggedLine(_path, _parser.RawRow, _parser.Count, names.Length, _parser.Delimiter);
    }

    private float Number(string cell, string column)
    {
        if (!TryParse(cell, out var number))
            throw string.IsNullOrWhiteSpace(cell)
                ? TableErrors.MissingValue(_path, $"line {_parser.RawRow}", column, "an empty cell")
                : TableErrors.NotANumber(_path, $"line {_parser.RawRow}", column, cell);
        return float.IsFinite(number) ? number : throw TableErrors.MissingValue(_path, $"line {_parser.RawRow}", column, $"'{cell}'");
    }

    private static bool TryParse(string cell, out float number)
    {
        var isTruth = bool.TryParse(cell, out var truth);
        number = truth ? 1 : 0;
        return isTruth || float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
    }

    private static StreamReader Open(SourceFile file)
    {
        var stream = file.OpenRange(0, file.Length);
        return new StreamReader(IsPacked(file.Path) ? new GZipStream(stream, CompressionMode.Decompress) : stream);
    }

    private static CsvConfiguration Configuration(string path, BnDataLoaderOptions options)
    {
        var delimiter = options.Delimiter ?? (Ending(path) == ".tsv" ? '\t' : null);
        return new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = $"{delimiter ?? ','}",
            DetectDelimiter = delimiter is null,
            DetectDelimiterValues = Delimiters,
            MaxFieldSize = LongestCell,
            BadDataFound = found => throw TableErrors.BadQuotes(path, found.Context.Parser!.RawRow),
        };
    }

    private static bool IsPacked(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    private static string Ending(string path) => Path.GetExtension(IsPacked(path) ? path[..^3] : path).ToLowerInvariant();
}

/// <summary>Ends the reading of a text with a line that is too long to be honest, before it takes all memory.</summary>
/// <param name="text">The text.</param>
/// <param name="path">The file that it is in.</param>
internal sealed class LineLimit(TextReader text, string path) : TextReader
{
    private const int LongestLine = 32 << 20;

    private long _length;

    /// <inheritdoc/>
    public override int Read(char[] buffer, int index, int count)
    {
        var read = text.Read(buffer, index, count);
        var last = buffer.AsSpan(index, read).LastIndexOfAny('\n', '\r');
        _length = last < 0 ? _length + read : read - last;
        return _length <= LongestLine ? read : throw FileErrors.LimitExceeded(path, $"it has a line of more than {LongestLine} characters");
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            text.Dispose();
        base.Dispose(disposing);
    }
}
