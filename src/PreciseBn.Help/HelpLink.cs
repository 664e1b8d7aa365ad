namespace PreciseBn.Help;

/// <summary>Where to read on.</summary>
/// <param name="Text">The name of a topic.</param>
/// <param name="Address">An address on the web; empty for topics of the module.</param>
internal sealed record HelpLink(string Text, string Address);
