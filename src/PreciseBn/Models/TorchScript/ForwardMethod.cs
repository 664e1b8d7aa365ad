using System.Text.RegularExpressions;

namespace PreciseBn.Models.TorchScript;

/// <summary>The signature of the method <c>forward</c> in the source of a TorchScript class.</summary>
internal sealed partial class ForwardMethod
{
    private ForwardMethod(IReadOnlyList<string> parameters)
    {
        Parameters = parameters;
        ParameterNames = parameters.Select(NameOf).ToArray();
        RequiredNames = parameters.Where(parameter => !parameter.Contains('=')).Select(NameOf).ToArray();
    }

    /// <summary>The parameters without the module itself, each with its type and default, such as <c>x: Tensor</c>.</summary>
    public IReadOnlyList<string> Parameters { get; }

    public IReadOnlyList<string> ParameterNames { get; }

    /// <summary>The names of those that have no default.</summary>
    public IReadOnlyList<string> RequiredNames { get; }

    /// <returns>The signature, or <c>null</c> where the class has no such method.</returns>
    public static ForwardMethod? TryParse(string classText)
    {
        var start = Start().Match(classText);
        if (!start.Success)
            return null;
        var parameters = new List<string>();
        var depth = 0;
        var from = start.Index + start.Length;
        for (var at = from; at < classText.Length; at++)
        {
            var isEnd = depth == 0 && classText[at] == ')';
            if (isEnd || (depth == 0 && classText[at] == ','))
            {
                parameters.Add(classText[from..at].Trim());
                from = at + 1;
            }
            if (isEnd)
                return new ForwardMethod(parameters.Skip(1).ToArray());
            depth += classText[at] is '(' or '[' ? 1 : classText[at] is ')' or ']' ? -1 : 0;
        }
        return null;
    }

    private static string NameOf(string parameter) => parameter.Split(':')[0];

    [GeneratedRegex(@"^  def forward\(", RegexOptions.Multiline)]
    private static partial Regex Start();
}
