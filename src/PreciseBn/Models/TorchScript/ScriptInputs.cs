using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;
using PreciseBn.Batches;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.TorchScript;

/// <summary>
/// What the method of a model is given: tensors of the batch one after the other, of which a tuple takes as many as it has and a
/// dictionary or list all that are left, numbers of one element, and what is the same in every batch.
/// </summary>
internal sealed partial class ScriptInputs
{
    private const string Names = "precise_bn_names";

    private readonly string _path;
    private readonly IReadOnlyList<Input> _inputs;

    /// <param name="path">Path of the model, for messages.</param>
    /// <param name="method">The method.</param>
    /// <param name="arguments">What parameters get in every batch.</param>
    /// <exception cref="PreciseBnException">The method has no such parameter, or one that takes something else, or takes something that data cannot be.</exception>
    public ScriptInputs(string path, ScriptMethod method, IReadOnlyDictionary<string, object?> arguments)
    {
        _path = path;
        if (arguments.Keys.Except(method.Parameters.Select(parameter => parameter.Name)).FirstOrDefault() is { } unknown)
            throw CallErrors.NoSuchArgument(path, unknown, method.Parameters.Select(parameter => parameter.ToString()));
        _inputs = method.Parameters.Select(parameter => Input.Of(path, parameter, arguments)).ToArray();
        if (_inputs.FirstOrDefault(input => input.Kind == InputKind.Missing) is { } missing)
            throw CallErrors.ArgumentNeeded(path, missing.Parameter.ToString(), missing.Parameter.Name);
        if (_inputs.Where(input => input.IsOpen).ToArray() is { Length: > 1 } open)
            throw CallErrors.SeveralCollections(path, open.Select(input => input.Parameter.ToString()));
    }

    /// <summary>The parameters of the method that takes them as they can be handed over.</summary>
    public IEnumerable<string> Parameters => _inputs.SelectMany(input => input.Kind switch
    {
        InputKind.Tensor => [input.Parameter.ToString()],
        InputKind.Number => [$"{input.Parameter.Name}: Tensor"],
        InputKind.List or InputKind.Tuple => [$"{input.Parameter.Name}: List[Tensor]"],
        InputKind.Dictionary => [$"{input.Parameter.Name}: List[Tensor]", $"{Names}: Tensor"],
        _ => Array.Empty<string>(),
    });

    /// <summary>Statements that make of them what the method takes, in variables of the names of its parameters.</summary>
    public IEnumerable<string> Statements => _inputs.SelectMany<Input, string>(input => input.Kind switch
    {
        InputKind.Number => [$"{Local(input)} = {input.Type}({input.Parameter.Name})"],
        InputKind.Tuple => [$"{Local(input)} = {input.ToTuple()}"],
        InputKind.Dictionary => [$"{Local(input)} = __torch__.precise_bn.named({input.Parameter.Name}, {Names})"],
        InputKind.Constant => [$"{Local(input)} = {input.Text}"],
        InputKind.Default => [],
        _ => [$"{Local(input)} = {input.Parameter.Name}"],
    });

    /// <summary>The arguments of the method; of those that have no value in any batch, the last are left out.</summary>
    public IReadOnlyList<string> Arguments => _inputs.Where(input => input.Kind != InputKind.Default)
        .Select(input => IsBehindDefault(input) ? $"{input.Parameter.Name}={Local(input)}" : Local(input)).ToArray();

    /// <summary>The inputs of a batch as the compiled method takes them.</summary>
    /// <exception cref="PreciseBnException">They are too few or too many.</exception>
    public object[] Fill(Batch batch, long index, Func<Tensor, Tensor> convert)
    {
        var taking = _inputs.Where(input => input.Kind is not (InputKind.Constant or InputKind.Default)).ToArray();
        var required = taking.Where(input => input.Parameter.Default is null).Sum(input => input.Width);
        if (batch.Inputs.Count < required || (!taking.Any(input => input.IsOpen) && batch.Inputs.Count > taking.Sum(input => input.Width)))
            throw ModelErrors.WrongInputCount(_path, index, taking.Select(input => input.Parameter.Default is null ? input.Parameter.ToString() : $"[{input.Parameter}]"), batch.Inputs.Count);
        var tensors = batch.Inputs.Select(convert).ToArray();
        var result = new List<object>();
        var at = 0;
        for (var i = 0; i < taking.Length && (at < tensors.Length || taking[i].IsOpen); i++)
        {
            var input = taking[i];
            var range = at..(input.IsOpen ? Math.Max(at, tensors.Length - taking[(i + 1)..].Sum(other => other.Width)) : at + input.Width);
            result.Add(input.IsOpen || input.Kind == InputKind.Tuple ? tensors[range] : tensors[at]);
            if (input.Kind == InputKind.Dictionary)
                result.Add(Encode(batch.Names?.ToArray()[range] ?? throw CallErrors.NamesNeeded(_path, input.Parameter.ToString())));
            at = range.End.Value;
        }
        return [.. result];
    }

    private bool IsBehindDefault(Input input) => _inputs.TakeWhile(other => other != input).Any(other => other.Kind == InputKind.Default);

    private static string Local(Input input) => $"own_{input.Parameter.Name}";

    // TorchSharp hands no texts over.
    private static Tensor Encode(IEnumerable<string> names) =>
        tensor(names.SelectMany(name => name.Select(letter => (long)letter).Append(0)).ToArray());

    private enum InputKind
    {
        Tensor,
        Number,
        Tuple,
        List,
        Dictionary,
        Constant,
        Default,
        Missing,
    }

    private sealed partial record Input(ScriptParameter Parameter, InputKind Kind, string Type, string Text)
    {
        /// <summary>Whether it takes any number of tensors.</summary>
        public bool IsOpen => Kind is InputKind.List or InputKind.Dictionary;

        /// <summary>How many tensors it takes at least.</summary>
        public int Width => Kind == InputKind.Tuple ? Tensors().Count(Type) : IsOpen ? 0 : 1;

        /// <summary>An expression that makes the tuple of a list.</summary>
        public string ToTuple()
        {
            var item = 0;
            return Tensors().Replace(Type.Replace("Tuple[", "(", StringComparison.Ordinal).Replace("]", ",)", StringComparison.Ordinal),
                _ => $"{Parameter.Name}[{item++}]");
        }

        public static Input Of(string path, ScriptParameter parameter, IReadOnlyDictionary<string, object?> arguments)
        {
            var type = ScriptConstant.TypeOf(parameter);
            if (arguments.TryGetValue(parameter.Name, out var value))
                return new Input(parameter, InputKind.Constant, type, ScriptConstant.Write(path, parameter, value));
            var kind = type switch
            {
                "Tensor" => InputKind.Tensor,
                _ when parameter.Default is not null => InputKind.Default,
                "float" or "int" or "bool" => InputKind.Number,
                "Dict[str,Tensor]" => InputKind.Dictionary,
                "List[Tensor]" => InputKind.List,
                _ when TupleOfTensors().IsMatch(type) => InputKind.Tuple,
                _ => InputKind.Missing,
            };
            return new Input(parameter, kind, type, "");
        }

        [GeneratedRegex(@"\bTensor\b")]
        private static partial Regex Tensors();

        // Also of tuples of them.
        [GeneratedRegex(@"^Tuple(\[|\]|,|Tuple|Tensor)*$")]
        private static partial Regex TupleOfTensors();
    }
}

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
