using System.Text.Json;
using System.Text.RegularExpressions;
using PreciseBn.Batches;

namespace PreciseBn.Models.Exported;

/// <summary>Reads which sizes an exported program allows a dimension.</summary>
internal static partial class ExportedSize
{
    // PyTorch takes 0 and 1 for sizes of their own when it exports, writes 2 as the least, and does not insist on it.
    private const long UncheckedLeast = 2;

    /// <param name="size">A size: a number, or an expression.</param>
    /// <param name="ranges">The ranges of the symbols in such expressions.</param>
    public static SizeRange Read(ExportedArgument size, JsonElement ranges)
    {
        if (size.Kind == "as_int")
            return new SizeRange(size.Value.GetInt64(), size.Value.GetInt64());
        var symbol = Symbol().Match(size.Value.GetProperty("expr_str").GetString()!);
        if (!symbol.Success || !ranges.TryGetProperty(symbol.Groups["name"].Value, out var range))
            return SizeRange.Any;
        var least = Bound(range.GetProperty("min_val")) ?? 0;
        return new SizeRange(least > UncheckedLeast ? least : 0, Bound(range.GetProperty("max_val")) ?? long.MaxValue);
    }

    private static long? Bound(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var bound) ? bound : null;

    [GeneratedRegex(@"^(Symbol\('(?<name>\w+)'.*\)|(?<name>\w+))$")]
    private static partial Regex Symbol();
}
