using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Data.Tables;

/// <summary>What can be wrong with a table, in words for the person who gave it.</summary>
internal static class TableErrors
{
    private const string LeaveOut = "Correct it, or leave the column out.";

    public static PreciseBnException ColumnNotFound(string path, string pattern, IEnumerable<string> names) => new(
        "ColumnNotFound", ErrorKind.NotFound,
        $"'{path}' has no column '{pattern}'; it has {List(names)}.", "Choose among these.", pattern);

    public static PreciseBnException NoColumns(string path, IEnumerable<string> names) => new(
        "NoColumns", ErrorKind.InvalidData,
        $"No column of '{path}' is left to be used; it has {List(names)}.", "Choose columns with numbers.", path);

    public static PreciseBnException NotATable(string path) => new(
        "NotATable", ErrorKind.InvalidArgument,
        $"Columns and delimiters are for tables, and '{path}' is none.", "Choose arrays by their names.", path);

    public static PreciseBnException NothingDelimited(string path) => new(
        "OptionWithoutEffect", ErrorKind.InvalidArgument,
        $"A delimiter has no effect on '{path}': Parquet keeps columns apart by itself.", "Leave it out.", path);

    public static PreciseBnException NotANumber(string path, string place, string column, string value) => new(
        "NotANumber", ErrorKind.InvalidData,
        $"'{path}' has '{Shorten(value)}' in {place}, column '{column}', which is no number.", LeaveOut, path);

    public static PreciseBnException MissingValue(string path, string place, string column, string what) => new(
        "MissingValue", ErrorKind.InvalidData,
        $"'{path}' has {what} in {place}, column '{column}'.", LeaveOut, path);

    public static PreciseBnException NoNumbers(string path, string column, string type) => new(
        "NotANumber", ErrorKind.InvalidData,
        $"The column '{column}' of '{path}' holds {type}, not numbers.", LeaveOut, path);

    public static PreciseBnException RaggedLine(string path, int line, int cells, int columns, string delimiter) => new(
        "RaggedLine", ErrorKind.InvalidData,
        $"Line {line} of '{path}' has {cells} cells, but the header has {columns}, with '{delimiter}' between them.",
        "Correct the line, or give the right delimiter.", path);

    public static PreciseBnException BadQuotes(string path, int line) => new(
        "BadQuotes", ErrorKind.InvalidData,
        $"Line {line} of '{path}' has a quotation mark where none can be, or one that is not closed.",
        "Put cells with quotation marks into quotation marks, and double those inside.", path);

    public static PreciseBnException NoHeader(string path) => new(
        "NoHeader", ErrorKind.InvalidData,
        $"The first line of '{path}' has only numbers, and no names of columns.", "Put a line with the names before it.", path);

    public static PreciseBnException NoRows(string path) => new(
        "NoItems", ErrorKind.InvalidData, $"'{path}' is empty.", "Give a file with a line of names, and rows of numbers.", path);

    public static PreciseBnException NoRoom(string path, Exception inner) => new(
        "WriteFailed", ErrorKind.WriteFailed,
        $"The rows of '{path}' could not be kept in a temporary file: {inner.Message.TrimEnd('.')}.",
        TemporaryFile.Advice, path, inner);

    private static string Shorten(string value) => value.Length > 40 ? value[..40] + "…" : value;

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Take(12).Select(name => $"'{Shorten(name)}'"));
}
