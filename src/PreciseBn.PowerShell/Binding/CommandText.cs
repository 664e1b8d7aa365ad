using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace PreciseBn.PowerShell;

/// <summary>A command as it might be typed: its name and the parameters that it was given, with what variables and splatting stood for.</summary>
internal static partial class CommandText
{
    private const int MostItems = 8;

    private const int LongestValue = 400;

    /// <summary>The command; what comes through the pipeline is no part of it if this is asked before.</summary>
    public static string Of(InvocationInfo invocation) => string.Join(' ', invocation.BoundParameters
        .Where(parameter => !Cmdlet.CommonParameters.Contains(parameter.Key) && !Cmdlet.OptionalCommonParameters.Contains(parameter.Key))
        .Select(parameter => Parameter(parameter.Key, parameter.Value)).Prepend(invocation.MyCommand.Name));

    private static string Parameter(string name, object? value) => value switch
    {
        SwitchParameter { IsPresent: true } => $"-{name}",
        SwitchParameter => $"-{name}:$false",
        _ => $"-{name} {Shorten(Value(value))}",
    };

    private static string Value(object? value) => PowerShellData.Unwrap(value) switch
    {
        null => "$null",
        string text => Plain().IsMatch(text) ? text : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'",
        bool flag => flag ? "$true" : "$false",
        Enum choice => $"{choice}",
        ScriptBlock script => $"{{{script}}}",
        Tensor tensor => $"<Tensor [{string.Join(", ", tensor.shape)}]>",
        IDictionary table => $"@{{ {string.Join("; ", table.Keys.Cast<object>().Select(key => $"{key} = {Value(table[key])}"))} }}",
        ICollection items => string.Join(", ", items.Cast<object?>().Take(MostItems).Select(Value)) + (items.Count > MostItems ? $", … ({items.Count} in all)" : ""),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable => "<a sequence>",
        var other => $"<{other}>",
    };

    private static string Shorten(string value) => value.Length > LongestValue ? value[..LongestValue] + "…" : value;

    // What needs no quotation marks.
    [GeneratedRegex(@"^[\w./\\:*?+=][\w./\\:*?+=-]*$")]
    private static partial Regex Plain();
}
