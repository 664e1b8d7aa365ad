using System.Collections;
using System.Globalization;

namespace PreciseBn.Models.TorchScript;

/// <summary>A value that a parameter gets in every batch, in TorchScript source.</summary>
internal static class ScriptConstant
{
    private const string List = "List[";
    private const string Optional = "Optional[";

    /// <summary>The type that a parameter has if it has a value.</summary>
    public static string TypeOf(ScriptParameter parameter)
    {
        var type = Plain(parameter);
        return type.StartsWith(Optional, StringComparison.Ordinal) ? type[Optional.Length..^1] : type;
    }

    /// <summary>The value as it is written for a parameter.</summary>
    /// <param name="path">Path of the model, for messages.</param>
    /// <param name="parameter">The parameter.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="Primitives.PreciseBnException">It is of a type that the parameter cannot be given.</exception>
    public static string Write(string path, ScriptParameter parameter, object? value)
    {
        var type = TypeOf(parameter);
        var isOptional = Plain(parameter) != type;
        return (value is null && isOptional) || Fits(value, type) ? Literal(value, type) : throw CallErrors.WrongArgument(path, parameter.ToString(), value, isTensor: type == "Tensor");
    }

    private static string Plain(ScriptParameter parameter) => parameter.Type.Replace(" ", "", StringComparison.Ordinal);

    // Of other types libtorch decides.
    private static bool Fits(object? value, string type) => type switch
    {
        "Tensor" => false,
        "bool" => value is bool,
        "str" => value is string,
        "int" => IsNumber(value, out var number) && double.IsInteger(number),
        "float" => IsNumber(value, out var number) && double.IsFinite(number),
        _ when type.StartsWith(List, StringComparison.Ordinal) => value is IEnumerable items and not string && items.Cast<object?>().All(item => Fits(item, type[List.Length..^1])),
        _ => true,
    };

    private static bool IsNumber(object? value, out double number)
    {
        var isNumber = value is sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal;
        number = isNumber ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : double.NaN;
        return isNumber;
    }

    private static string Literal(object? value, string type) => value switch
    {
        null => "None",
        bool flag => flag ? "True" : "False",
        string text => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"",
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(item => Literal(item, type.Replace(List, "", StringComparison.Ordinal).TrimEnd(']'))))}]",
        _ when type == "float" => Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("E16", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"{value}",
    };
}
