namespace PreciseBn.Sharding;

/// <summary>What a file of partial statistics holds.</summary>
/// <param name="Partials">The statistics, one object a layer.</param>
/// <param name="IsFinished">Whether the measurement has come to its end.</param>
/// <param name="Arguments">What the measurement was given, by name, for one that goes on; empty where none is to.</param>
internal sealed record PartialContents(
    IReadOnlyList<PartialBnStat> Partials, bool IsFinished, IReadOnlyDictionary<string, string> Arguments);
