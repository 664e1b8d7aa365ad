namespace PreciseBn;

/// <summary>Where the file of a model with new statistics is written. A model in memory has no file, and takes nothing of this but <see cref="Force"/>.</summary>
public sealed record SaveOptions
{
    /// <summary>The file that the changed model is written to; <c>null</c> replaces the model itself.</summary>
    public string? Destination { get; init; }

    /// <summary>
    /// Whether a file that is already at the destination may be replaced; and whether a model may be changed where it is by data that are
    /// plainly scaled otherwise than those of its training, see <see cref="BnResult.IsScaledOtherwise"/>.
    /// </summary>
    public bool Force { get; init; }

    /// <summary>Whether what is replaced is kept, with <c>.bak</c>, or the first free of <c>.bak.1</c>, <c>.bak.2</c> and so on, appended to its name.</summary>
    public bool Backup { get; init; }
}
