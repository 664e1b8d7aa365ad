namespace PreciseBn;

/// <summary>How statistics are put into another file.</summary>
public sealed record BnSetOptions
{
    /// <summary>
    /// What names have in front in the file and not among those given, or the other way round; <c>null</c> finds one that
    /// fits all layers.
    /// </summary>
    public string? Prefix { get; init; }

    /// <summary>Names that differ otherwise: those given, and what they are in the file.</summary>
    public IReadOnlyDictionary<string, string> Map { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether layers may be left over on either side.</summary>
    public bool AllowPartial { get; init; }

    /// <summary>The file that the changed copy is written to; <c>null</c> replaces the file itself.</summary>
    public string? Destination { get; init; }

    /// <summary>Whether a file that is already at the destination may be replaced.</summary>
    public bool Force { get; init; }

    /// <summary>Whether what is replaced is kept, with <c>.bak</c>, or the first free of <c>.bak.1</c>, <c>.bak.2</c> and so on, appended to its name.</summary>
    public bool Backup { get; init; }
}
