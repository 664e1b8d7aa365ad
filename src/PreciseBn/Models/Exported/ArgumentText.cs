using System.Globalization;
using System.Text.Json;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Exported;

/// <summary>Writes the arguments of nodes as TorchScript.</summary>
/// <param name="device">The device that takes the place of the one on which the program was exported.</param>
/// <param name="variable">Gives the text for the name of a tensor or symbol.</param>
/// <param name="declare">Gives the name of a new variable of a type and value.</param>
internal sealed class ArgumentText(string device, Func<string, string> variable, Func<string, string, string> declare)
{
    /// <returns>The text, or <c>null</c> where TorchScript has no word for it.</returns>
    public string? Of(ExportedArgument argument) => argument.Kind switch
    {
        "as_none" => "None",
        "as_tensor" => variable(argument.Value.GetProperty("name").GetString()!),
        "as_tensors" => List("Tensor", argument.Value, tensor => variable(tensor.GetProperty("name").GetString()!)),
        "as_optional_tensor" or "as_sym_int" or "as_sym_float" or "as_sym_bool" => OfMember(argument.Value),
        "as_optional_tensors" => List("Optional[Tensor]", argument.Value, OfMember),
        "as_nested_tensors" => List("List[Tensor]", argument.Value, list => Of(new ExportedArgument("as_tensors", list))),
        "as_int" => argument.Value.GetInt64().ToString(CultureInfo.InvariantCulture),
        "as_ints" => List("int", argument.Value, item => Of(new ExportedArgument("as_int", item))),
        "as_int_lists" => List("List[int]", argument.Value, list => Of(new ExportedArgument("as_ints", list))),
        "as_sym_ints" => List("int", argument.Value, OfMember),
        "as_float" => Float(argument.Value),
        "as_floats" => List("float", argument.Value, Float),
        "as_sym_floats" => List("float", argument.Value, OfMember),
        "as_bool" => argument.Value.GetBoolean() ? "True" : "False",
        "as_bools" => List("bool", argument.Value, item => Of(new ExportedArgument("as_bool", item))),
        "as_sym_bools" => List("bool", argument.Value, OfMember),
        "as_string" => Quote(argument.Value.GetString()!),
        "as_strings" => List("str", argument.Value, item => Quote(item.GetString()!)),
        "as_complex" => $"complex({Float(argument.Value.GetProperty("real"))}, {Float(argument.Value.GetProperty("imag"))})",
        "as_scalar_type" => Number(SchemaTypes.ToScriptType(argument.Value.GetInt32())),
        "as_memory_format" => Number(SchemaTypes.ToScriptMemoryFormat(argument.Value.GetInt32())),
        "as_layout" => Number(SchemaTypes.ToScriptLayout(argument.Value.GetInt32())),
        "as_device" => $"torch.device(\"{device}\")",
        _ => null,
    };

    // A member of a list is a union of its own: a name, or a value.
    private string? OfMember(JsonElement union)
    {
        var member = ExportedArgument.Read(union);
        return member.Kind == "as_name" ? variable(member.Value.GetString()!) : Of(member);
    }

    // TorchScript guesses the type of a list by its items: a wrong one if there are none, or the first is None.
    private string? List(string type, JsonElement items, Func<JsonElement, string?> text)
    {
        var texts = items.EnumerateArray().Select(text).ToArray();
        if (texts.Contains(null))
            return null;
        var list = $"[{string.Join(", ", texts)}]";
        return texts.Length == 0 || texts.Contains("None") ? declare($"List[{type}]", list) : list;
    }

    private static string Float(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
            return $"float(\"{value.GetString() switch { "Infinity" => "inf", "-Infinity" => "-inf", _ => "nan" }}\")";
        var text = value.GetDouble().ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        return text.AsSpan().ContainsAny('.', 'e') ? text : text + ".0";
    }

    private static string? Number(int? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string Quote(string text) =>
        "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal) + "\"";
}

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

/// <summary>The numbers by which the schema of torch.export names types (torch/_export/serde/schema.py).</summary>
internal static class SchemaTypes
{
    /// <returns>The number format, or <c>null</c> where statistics and weights are never kept in it.</returns>
    public static DType? ToDType(int scalarType) => scalarType switch
    {
        1 => DType.UInt8,
        2 => DType.Int8,
        3 => DType.Int16,
        4 => DType.Int32,
        5 => DType.Int64,
        6 => DType.Float16,
        7 => DType.Float32,
        8 => DType.Float64,
        12 => DType.Bool,
        13 => DType.BFloat16,
        _ => null,
    };

    /// <returns>The number by which TorchScript names it, or <c>null</c> where it has none.</returns>
    public static int? ToScriptType(int scalarType) => scalarType switch
    {
        >= 1 and <= 12 => (int)(scalarType == 12 ? ScalarType.Bool : (ScalarType)(scalarType - 1)),
        13 => (int)ScalarType.BFloat16,
        _ => null,
    };

    /// <inheritdoc cref="ToScriptType"/>
    public static int? ToScriptMemoryFormat(int memoryFormat) => memoryFormat switch
    {
        1 => 0,
        2 => 2,
        3 => 3,
        4 => 1,
        _ => null,
    };

    /// <inheritdoc cref="ToScriptType"/>
    public static int? ToScriptLayout(int layout) => layout == 7 ? 0 : null;

    /// <summary>Sizes or strides, all of them numbers.</summary>
    public static long[] Integers(JsonElement sizes) =>
        sizes.EnumerateArray().Select(size => size.GetProperty("as_int").GetInt64()).ToArray();
}

/// <summary>What torch.autocast does to the arguments of operators (aten/src/ATen/autocast_mode.h).</summary>
internal static class AutocastOperators
{
    private const int Float32 = 7;

    private static readonly HashSet<string> Reduced =
    [
        "conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "_convolution", "convolution",
        "addmm", "addbmm", "baddbmm", "bmm", "mm", "matmul", "linear", "chain_matmul", "linalg_multi_dot", "prelu",
        "scaled_dot_product_attention", "_native_multi_head_attention", "linalg_vecdot",
    ];

    private static readonly HashSet<string> ReducedOnCuda = ["addmv", "addr", "mv"];

    private static readonly HashSet<string> WideEverywhere =
    [
        "binary_cross_entropy_with_logits", "binary_cross_entropy", "cdist", "cosine_embedding_loss", "ctc_loss", "grid_sampler", "hinge_embedding_loss",
        "huber_loss", "kl_div", "l1_loss", "margin_ranking_loss", "mse_loss", "multi_margin_loss", "multilabel_margin_loss", "nll_loss", "nll_loss2d",
        "poisson_nll_loss", "prod", "smooth_l1_loss", "soft_margin_loss", "trace", "triplet_margin_loss",
    ];

    private static readonly HashSet<string> WideOnProcessor =
    [
        "adaptive_avg_pool3d", "adaptive_max_pool3d", "avg_pool3d", "max_pool3d", "max_unpool2d", "max_unpool3d", "polar", "quantile", "nanquantile", "stft",
        "view_as_complex", "cholesky", "inverse", "reflection_pad1d", "reflection_pad2d", "replication_pad1d", "replication_pad2d", "replication_pad3d",
    ];

    private static readonly HashSet<string> WideOnCuda =
    [
        "acos", "asin", "cosh", "cosine_similarity", "cumprod", "cumsum", "dist", "erfinv", "exp", "expm1", "gelu", "group_norm", "layer_norm",
        "log", "log10", "log1p", "log2", "log_softmax", "native_layer_norm", "norm", "pdist", "pow", "reciprocal", "renorm", "rsqrt", "sinh", "softmax",
        "softmin", "softplus", "sum", "tan",
    ];

    /// <returns>The number format, as the schema has it, that an operator gets its tensors in; <c>null</c> is the one they have.</returns>
    public static int? FormatFor(string function, ExportedAutocast mode) =>
        Reduced.Contains(function) || (mode.Device != "cpu" && ReducedOnCuda.Contains(function)) ? mode.ScalarType
        : WideEverywhere.Contains(function) || (mode.Device == "cpu" ? WideOnProcessor : WideOnCuda).Contains(function) ? Float32
        : null;
}
