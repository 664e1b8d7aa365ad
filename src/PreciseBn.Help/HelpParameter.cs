namespace PreciseBn.Help;

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
