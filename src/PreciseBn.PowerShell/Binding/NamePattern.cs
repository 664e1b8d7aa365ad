using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>A name in which wildcards are allowed. What looks as if it had some may also be a name as it is, such as <c>stats[0:16]</c>.</summary>
internal sealed class NamePattern(string text)
{
    private readonly WildcardPattern? _pattern = TryParse(text);

    public string Text => text;

    /// <summary>Whether it may well match nothing.</summary>
    public bool HasWildcards => _pattern is not null && WildcardPattern.ContainsWildcardCharacters(text);

    public bool IsMatch(string name) => name.Equals(text, StringComparison.OrdinalIgnoreCase) || _pattern?.IsMatch(name) == true;

    private static WildcardPattern? TryParse(string text)
    {
        var pattern = WildcardPattern.Get(text, WildcardOptions.IgnoreCase);
        try
        {
            // Only now is it looked at.
            _ = pattern.IsMatch("");
            return pattern;
        }
        catch (WildcardPatternException)
        {
            return null;
        }
    }
}
