namespace PreciseBn.Data.Tables;

/// <summary>Chooses columns of a table, and their order.</summary>
internal static class ColumnSelection
{
    /// <summary>Indices of the columns that are taken: those that the patterns name, in their order, or all with numbers.</summary>
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
        // A column without a name is what pandas writes the labels of rows as.
        var wanted = options.Columns.Count > 0
            ? options.Columns.SelectMany(Matches)
            : all.Where(index => names[index].Length > 0 && hasNumbers(index));
        var chosen = wanted.Except(options.ExcludeColumns.SelectMany(Matches)).ToArray();
        return chosen.Length > 0 ? chosen : throw TableErrors.NoColumns(path, names);
    }
}
