namespace PreciseBn.Help;

/// <summary>A type of objects that a cmdlet takes or gives.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What the objects are.</param>
internal sealed record HelpType(string Name, IReadOnlyList<string> Description);
