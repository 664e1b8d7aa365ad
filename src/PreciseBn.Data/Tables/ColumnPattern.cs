namespace PreciseBn.Data.Tables;

/// <summary>Names columns of a table.</summary>
/// <param name="Text">As the user gave it.</param>
/// <param name="IsMatch">Whether it names a column.</param>
public sealed record ColumnPattern(string Text, Predicate<string> IsMatch)
{
    /// <summary>The column of exactly this name.</summary>
    public static ColumnPattern Exactly(string name) => new(name, other => other == name);
}
