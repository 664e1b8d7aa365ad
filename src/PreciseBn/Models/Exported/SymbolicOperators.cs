using System.Globalization;

namespace PreciseBn.Models.Exported;

/// <summary>Operations on sizes and other numbers, which Python does without tensors, in the words of TorchScript.</summary>
internal static class SymbolicOperators
{
    private static readonly Dictionary<string, string> Texts = new()
    {
        ["torch.ops.aten.sym_size.int"] = "torch.size({0}, {1})",
        ["torch.ops.aten.sym_stride.int"] = "torch.stride({0}, {1})",
        ["torch.ops.aten.sym_numel.default"] = "torch.numel({0})",
        ["torch.ops.aten.sym_storage_offset.default"] = "torch.storage_offset({0})",
        ["_operator.add"] = "{0} + {1}",
        ["_operator.sub"] = "{0} - {1}",
        ["_operator.mul"] = "{0} * {1}",
        ["_operator.truediv"] = "{0} / {1}",
        ["_operator.floordiv"] = "{0} // {1}",
        ["_operator.mod"] = "{0} % {1}",
        ["_operator.pow"] = "{0} ** {1}",
        ["_operator.neg"] = "-{0}",
        ["_operator.pos"] = "{0}",
        ["_operator.eq"] = "{0} == {1}",
        ["_operator.ne"] = "{0} != {1}",
        ["_operator.lt"] = "{0} < {1}",
        ["_operator.le"] = "{0} <= {1}",
        ["_operator.gt"] = "{0} > {1}",
        ["_operator.ge"] = "{0} >= {1}",
        ["_operator.and_"] = "{0} and {1}",
        ["_operator.or_"] = "{0} or {1}",
        ["math.floor"] = "torch.floor(float({0}))",
        ["math.ceil"] = "torch.ceil(float({0}))",
        ["math.trunc"] = "int({0})",
        ["torch.sym_int"] = "int({0})",
        ["torch.sym_float"] = "float({0})",
        ["torch.sym_not"] = "not {0}",
        ["torch.sym_max"] = "max({0}, {1})",
        ["torch.sym_min"] = "min({0}, {1})",
        ["torch.sym_ite"] = "{1} if {0} else {2}",
        ["torch.sym_sum"] = "sum({0})",
        ["torch.sym_sqrt"] = "torch.sqrt(float({0}))",
        ["torch._sym_sqrt"] = "torch.sqrt(float({0}))",
    };

    /// <returns>The text of the operation, or <c>null</c> if it is none of these.</returns>
    public static string? TryWrite(string target, IReadOnlyList<string> arguments) =>
        Texts.TryGetValue(target, out var text) ? string.Format(CultureInfo.InvariantCulture, text, [.. arguments]) : null;
}
