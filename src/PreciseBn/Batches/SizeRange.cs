using System.Globalization;

namespace PreciseBn.Batches;

/// <summary>The sizes that a dimension may have.</summary>
/// <param name="Least">The smallest.</param>
/// <param name="Most">The largest.</param>
internal sealed record SizeRange(long Least, long Most)
{
    public static SizeRange Any { get; } = new(0, long.MaxValue);

    public bool Contains(long size) => size >= Least && size <= Most;

    public override string ToString() => (Least, Most) switch
    {
        (0, long.MaxValue) => "any",
        (_, long.MaxValue) => $"{Least} or more",
        (0, _) => $"{Most} or less",
        _ when Least == Most => Least.ToString(CultureInfo.InvariantCulture),
        _ => $"{Least} to {Most}",
    };
}
