namespace PreciseBn;

/// <summary>On which side of a comparison a layer is.</summary>
public enum Presence
{
    /// <summary>On both sides.</summary>
    Both,

    /// <summary>On the side of the reference only.</summary>
    ReferenceOnly,

    /// <summary>On the side of the difference only.</summary>
    DifferenceOnly,
}
