using System.Globalization;
using System.Text.RegularExpressions;

namespace PreciseBn.Models.TorchScript;

/// <summary>What the source of a TorchScript class says about the layer it implements.</summary>
internal sealed partial class ScriptClass
{
    // In torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, …) as in
    // torch.nn.functional.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps).
    private const int MomentumArgument = 6;
    private const int EpsArgument = 7;
    private const string Primitive = "torch.batch_norm";

    private readonly ScriptSource _source;
    private readonly string _text;

    public ScriptClass(ScriptSource source, string qualifiedName)
    {
        _source = source;
        _text = source.Find(qualifiedName) ?? "";
        CallsBatchNorm = Reaches(_text);
        HasForward = _text.Contains("  def forward(", StringComparison.Ordinal);
    }

    /// <summary>Whether its methods, or functions they call, use the primitive that every BatchNorm comes down to.</summary>
    public bool CallsBatchNorm { get; }

    /// <summary>Whether it has code at all; a trace leaves none for a module that it did not see run.</summary>
    public bool HasForward { get; }

    /// <summary>The text of a constant of the class, such as <c>momentum : Final[float] = 0.1</c>.</summary>
    public string? Constant(string name) =>
        Constants().Matches(_text).FirstOrDefault(match => match.Groups["name"].Value == name)?.Groups["value"].Value;

    public double? MomentumOfCall() => NumberInCall(MomentumArgument);

    public double? EpsOfCall() => NumberInCall(EpsArgument);

    public static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private double? NumberInCall(int argument)
    {
        foreach (Match call in Calls().Matches(_text))
        {
            var arguments = call.Groups["arguments"].Value.Split(',', StringSplitOptions.TrimEntries);
            if (IsBatchNorm(call.Groups["function"].Value) && arguments.Length > argument
                && Number(arguments[argument]) is { } number)
                return number;
        }
        return null;
    }

    private bool IsBatchNorm(string function)
    {
        if (function == Primitive)
            return true;
        var aliased = Regex.Match(_text, $@"^ +{Regex.Escape(function)} = (?<name>__torch__[\w.]+)\r?$", RegexOptions.Multiline);
        return aliased.Success && Reaches(_source.Find(aliased.Groups["name"].Value) ?? "");
    }

    private bool Reaches(string text)
    {
        var seen = new HashSet<string>();
        var pending = new Queue<string>([text]);
        while (pending.TryDequeue(out var next))
        {
            if (next.Contains(Primitive + "(", StringComparison.Ordinal))
                return true;
            foreach (Match reference in References().Matches(next))
            {
                // Only functions: a reference to another class is a submodule's type, which speaks for itself.
                if (seen.Add(reference.Value) && _source.Find(reference.Value) is { } definition
                    && definition.StartsWith("def ", StringComparison.Ordinal))
                    pending.Enqueue(definition);
            }
        }
        return false;
    }

    [GeneratedRegex(@"^  (?<name>\w+) : Final\[\w+\] = (?<value>[^\r\n]*)", RegexOptions.Multiline)]
    private static partial Regex Constants();

    [GeneratedRegex(@"(?<![\w.])(?<function>[\w.]+)\((?<arguments>[^()\[\]]*)\)")]
    private static partial Regex Calls();

    [GeneratedRegex(@"__torch__(\.\w+)+")]
    private static partial Regex References();
}
