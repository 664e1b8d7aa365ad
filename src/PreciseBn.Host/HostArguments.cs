using System.Management.Automation.Language;
using System.Text.RegularExpressions;

namespace PreciseBn.Host;

/// <summary>What the command line asks for.</summary>
/// <param name="Script">The PowerShell text to run.</param>
internal sealed partial record HostArguments(string Script)
{
    /// <returns>The arguments, or <c>null</c> where they make no sense.</returns>
    public static HostArguments? TryParse(string[] args) => args switch
    {
        [var option, .. { Length: > 0 } words] when Is(option, "-Command") => new(string.Join(' ', words)),
        [var option, var file, .. var rest] when Is(option, "-File") => new(Call(Path.GetFullPath(file), rest)),
        _ => null,
    };

    // A script's own exit only ends the script; its code has to be passed on.
    private static string Call(string file, string[] arguments) =>
        $"{string.Join(' ', arguments.Select(Argument).Prepend($"& {Quote(file)}"))}; "
        + "if (-not $?) { exit $(if ($LASTEXITCODE) { $LASTEXITCODE } else { 1 }) }";

    private static string Argument(string text) => ParameterName().IsMatch(text) ? text : Quote(text);

    private static string Quote(string text) => $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";

    private static bool Is(string option, string name) => option.Equals(name, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"^-\p{L}\w*:?$")]
    private static partial Regex ParameterName();
}
