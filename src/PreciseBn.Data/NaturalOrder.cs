using System.Text.RegularExpressions;

namespace PreciseBn.Data;

/// <summary>Orders names so that runs of digits count as numbers: batch2 comes before batch10.</summary>
public static partial class NaturalOrder
{
    private const int LongestNumber = 20;

    /// <summary>What to sort a name by, ordinally.</summary>
    public static string Key(string name) =>
        Digits().Replace(name, digits => digits.Value.TrimStart('0').PadLeft(LongestNumber, '0'));

    /// <summary>The items in the order of their names.</summary>
    public static IOrderedEnumerable<T> OrderByName<T>(this IEnumerable<T> items, Func<T, string> name) =>
        items.OrderBy(item => Key(name(item)), StringComparer.Ordinal);

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}
