using PreciseBn.Primitives;

namespace PreciseBn.Data.Tables;

/// <summary>Chooses columns of a table, and their order.</summary>
internal static class ColumnSelection
{
    // What pandas calls a column that holds the labels of its rows; in CSV it has no name at all.
    private const string PandasIndex = "__index_level_";

    /// <summary>Indices of the columns that are taken: those that the patterns name, in their order, or all with numbers; then that of the labels, if they are asked for.</summary>
    /// <param name="names">The names of all columns.</param>
    /// <param name="hasNumbers">Whether the column at an index has numbers.</param>
    /// <param name="options">The patterns.</param>
    /// <param name="path">The file, for errors.</param>
    /// <exception cref="PreciseBnException">A pattern names no column, or none is left.</exception>
    public static int[] Choose(IReadOnlyList<string> names, Func<int, bool> hasNumbers, BnDataLoaderOptions options, string path)
    {
        var all = Enumerable.Range(0, names.Count).ToArray();
        int[] Matches(ColumnPattern pattern) => all.Where(index => pattern.IsMatch(names[index])).ToArray() is { Length: > 0 } found
            ? found
            : throw TableErrors.ColumnNotFound(path, pattern.Text, names);
        var wanted = options.Columns.Count > 0
            ? options.Columns.SelectMany(Matches)
            : all.Where(index => !IsIndex(names[index]) && hasNumbers(index));
        int[] labels = options.LabelKey is not { } label ? []
            : all.Where(index => names[index] == label).ToArray() is { Length: > 0 } same ? same : throw DataErrors.LabelKeyNotFound(label, path, names);
        var chosen = wanted.Except(options.ExcludeColumns.SelectMany(Matches)).Except(labels).ToArray();
        return chosen.Length > 0 ? [.. chosen, .. labels.Take(1)] : throw TableErrors.NoColumns(path, names);
    }

    private static bool IsIndex(string name) => name.Length == 0 || name.StartsWith(PandasIndex, StringComparison.Ordinal);
}
