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

/// <summary>An example of the use of a cmdlet.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Code">What is typed.</param>
/// <param name="Remarks">What happens then.</param>
internal sealed record HelpExample(string Title, string Code, IReadOnlyList<string> Remarks);

/// <summary>What help tells about a parameter in some of the parameter sets.</summary>
/// <param name="Name">The name.</param>
/// <param name="Description">What it does.</param>
/// <param name="Facts">The lines of its block of YAML.</param>
internal sealed record HelpParameter(string Name, IReadOnlyList<string> Description, IReadOnlyDictionary<string, string> Facts)
{
    /// <summary>Stands for all parameter sets of a cmdlet.</summary>
    public const string AllSets = "(All)";

    public string Type => Facts["Type"];

    public string Aliases => Facts["Aliases"] is { Length: > 0 } aliases ? aliases : "none";

    public string DefaultValue => Facts["Default value"];

    public string Position => Facts["Position"].ToLowerInvariant();

    public string PipelineInput => Facts["Accept pipeline input"];

    /// <summary>The names of an enumeration; none for other types.</summary>
    public IReadOnlyList<string> AcceptedValues => Facts.TryGetValue("Accepted values", out var values) ? values.Split(", ") : [];

    public bool IsRequired => Facts["Required"] == "True";

    public bool TakesWildcards => Facts["Accept wildcard characters"] == "True";

    public bool IsSwitch => Type == "SwitchParameter";

    public bool IsIn(string parameterSet) => Facts["Parameter Sets"].Split(", ").Any(name => name == AllSets || name == parameterSet);
}

/// <summary>A type of objects that a cmdlet takes or gives.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What the objects are.</param>
internal sealed record HelpType(string Name, IReadOnlyList<string> Description);

/// <summary>Where to read on.</summary>
/// <param name="Text">The name of a topic.</param>
/// <param name="Address">An address on the web; empty for topics of the module.</param>
internal sealed record HelpLink(string Text, string Address);
