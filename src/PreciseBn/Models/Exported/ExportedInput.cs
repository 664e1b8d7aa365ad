using System.Text.Json;
using System.Text.RegularExpressions;
using PreciseBn.Batches;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Exported;

/// <summary>What a user gives an exported program.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">Number format of the tensor; <c>null</c> if it is no tensor, or one of another kind.</param>
/// <param name="Shape">Which sizes its dimensions may have; <c>null</c> if it is no tensor.</param>
internal sealed record ExportedInput(string Name, DType? DType, IReadOnlyList<SizeRange>? Shape)
{
    /// <param name="argument">The argument of the program.</param>
    /// <param name="tensors">What the program says of tensors, by name.</param>
    /// <param name="ranges">What it says of symbols that stand for sizes, by name.</param>
    public static ExportedInput Read(ExportedArgument argument, JsonElement tensors, JsonElement ranges)
    {
        if (argument.TensorName is not { } name)
            return new ExportedInput(argument.Names().FirstOrDefault() ?? argument.Kind, null, null);
        var meta = tensors.GetProperty(name);
        return new ExportedInput(
            name,
            SchemaTypes.ToDType(meta.GetProperty("dtype").GetInt32()),
            meta.GetProperty("sizes").EnumerateArray().Select(size => ExportedSize.Read(ExportedArgument.Read(size), ranges)).ToArray());
    }

    public bool Accepts(Tensor value) =>
        value.dim() == Shape!.Count && value.shape.Zip(Shape).All(size => size.Second.Contains(size.First));
}

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
