namespace PreciseBn;

/// <summary>How layers are matched whose names differ.</summary>
public sealed record MatchOptions
{
    /// <summary>
    /// What names have in front in the model and not among those given, or the other way round; <c>null</c> finds one that
    /// fits all layers.
    /// </summary>
    public string? Prefix { get; init; }

    /// <summary>Names that differ otherwise: those given, and what they are in the model.</summary>
    public IReadOnlyDictionary<string, string> Map
    {
        get;
        init => field = value ?? throw OptionErrors.Refused(nameof(Map), value, "It maps names to names");
    } = new Dictionary<string, string>();

    /// <summary>Whether layers may be left over on either side.</summary>
    public bool AllowPartial { get; init; }
}
