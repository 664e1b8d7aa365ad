using System.Globalization;
using PreciseBn.Primitives;

namespace PreciseBn.Batches;

/// <summary>One of several disjoint shards of data, such as the third of sixteen.</summary>
public sealed record DataShard
{
    private DataShard(int index, int count)
    {
        Index = index;
        Count = count;
    }

    /// <summary>The only shard: all of the data.</summary>
    public static DataShard Whole { get; } = new(1, 1);

    /// <summary>Which one it is, from 1.</summary>
    public int Index { get; }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>The first of the shards that this is one of.</summary>
    public DataShard First => new(1, Count);

    /// <summary>Reads <c>3/16</c>, the third of sixteen.</summary>
    /// <exception cref="PreciseBnException">The text is nothing like that.</exception>
    public static DataShard Parse(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 2 && TryParse(parts[0], out var index) && TryParse(parts[1], out var count) && index <= count
            ? new DataShard(index, count)
            : throw new PreciseBnException(
                "NotAShard", ErrorKind.InvalidArgument, $"'{text}' is no shard.", "Give its number, from 1, and how many there are, such as 3/16.", text);
    }

    /// <summary>How many of some items are in the shard, when they are dealt out in turn.</summary>
    public long Share(long items) => (items + Count - Index) / Count;

    /// <summary>Whether the item at a position, from 0, is in the shard, when items are dealt out in turn.</summary>
    public bool Has(long position) => position % Count == Index - 1;

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => $"{Index}/{Count}";

    private static bool TryParse(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
}
