namespace PreciseBn.Help;

/// <summary>The help of a cmdlet.</summary>
internal sealed record CommandTopic
{
    public required string Name { get; init; }

    public required string Synopsis { get; init; }

    public required IReadOnlyList<string> Description { get; init; }

    /// <summary>The names of the parameter sets.</summary>
    public required IReadOnlyList<string> ParameterSets { get; init; }

    public required IReadOnlyList<HelpExample> Examples { get; init; }

    public required IReadOnlyList<HelpParameter> Parameters { get; init; }

    public required IReadOnlyList<HelpType> Inputs { get; init; }

    public required IReadOnlyList<HelpType> Outputs { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    public required IReadOnlyList<HelpLink> Links { get; init; }
}
