namespace PreciseBn.Help;

/// <summary>An example of the use of a cmdlet.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Code">What is typed.</param>
/// <param name="Remarks">What happens then.</param>
internal sealed record HelpExample(string Title, string Code, IReadOnlyList<string> Remarks);
