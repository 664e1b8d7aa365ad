using System.Text.RegularExpressions;

namespace PreciseBn.Models.Exported;

/// <summary>Where a node of an exported program comes from.</summary>
/// <param name="ModuleStack">The modules it is in, from the outermost, of each its path and class; empty if the file does not say.</param>
/// <param name="StackTrace">The lines of Python that led to it; empty if the file does not say.</param>
internal sealed partial record NodeOrigin(string ModuleStack, string StackTrace)
{
    /// <summary>A sentence about where in Python the node comes from, or nothing.</summary>
    public string Place
    {
        get
        {
            var lines = StackTrace.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var places = Enumerable.Range(0, lines.Length).Where(line => lines[line].StartsWith("File ", StringComparison.Ordinal)).ToArray();
            // The innermost line of the model's author, if there is one: below it is code of PyTorch, or that it has written.
            var own = places.Where(line => !InPyTorch().IsMatch(lines[line])).ToArray();
            return (own.Length > 0 ? own : places).LastOrDefault(-1) is >= 0 and var place
                ? $" It comes from {lines[place]}{(place + 1 < lines.Length && !places.Contains(place + 1) ? $": {lines[place + 1]}" : "")}."
                : "";
        }
    }

    /// <summary>Class of the module that the node is in, without its namespace; <c>null</c> if the file does not say.</summary>
    public string? ModuleClass
    {
        get
        {
            var type = ModuleStack.Split(';')[^1].Split(',')[^1];
            return type.Length == 0 ? null : type[(type.LastIndexOf('.') + 1)..];
        }
    }

    /// <summary>Path of the module that the node is in; empty if the file does not say.</summary>
    public string ModulePath
    {
        get
        {
            var parts = ModuleStack.Split(';')[^1].Split(',');
            return parts.Length > 1 ? TracedRoot().Replace(parts[1], "") : "";
        }
    }

    [GeneratedRegex(@"^File ""((.*[/\\])?torch[/\\]|<)")]
    private static partial Regex InPyTorch();

    // A strict export writes the path of a module as an expression of what it has traced.
    [GeneratedRegex(@"^L\['\w+'\]\.?")]
    private static partial Regex TracedRoot();
}
