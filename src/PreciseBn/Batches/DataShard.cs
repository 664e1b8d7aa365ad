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
            : throw NotAShard(text);
    }

    /// <summary>Reads <c>17..32/1000</c>, sixteen of a thousand, or a single one.</summary>
    /// <exception cref="PreciseBnException">The text is nothing like that.</exception>
    public static IReadOnlyList<DataShard> ParseRange(string text)
    {
        var parts = text.Split("..");
        if (parts.Length == 1)
            return [Parse(text)];
        var last = parts.Length == 2 ? Parse(parts[1]) : throw NotAShard(text);
        return TryParse(parts[0], out var first) && first <= last.Index
            ? Enumerable.Range(first, last.Index - first + 1).Select(index => new DataShard(index, last.Count)).ToArray()
            : throw NotAShard(text);
    }

    /// <summary>Writes some shards as <see cref="ParseRange"/> reads them, with commas between.</summary>
    /// <param name="indices">Their numbers, in order.</param>
    /// <param name="count">How many there are of all.</param>
    internal static string Join(IEnumerable<int> indices, int count) =>
        string.Join(", ", indices.Index().GroupBy(shard => shard.Item - shard.Index, shard => shard.Item)
            .Select(run => run.Count() == 1 ? $"{run.First()}/{count}" : $"{run.First()}..{run.Last()}/{count}"));

    /// <summary>How many of some items are in the shard, when they are dealt out in turn.</summary>
    public long Share(long items) => (items + Count - Index) / Count;

    /// <summary>Whether the item at a position, from 0, is in the shard, when items are dealt out in turn.</summary>
    public bool Has(long position) => position % Count == Index - 1;

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => $"{Index}/{Count}";

    private static PreciseBnException NotAShard(string text) => new(
        "NotAShard", ErrorKind.InvalidArgument, $"'{text}' is no shard.",
        "Give its number, from 1, and how many there are, such as 3/16, or several as 3..8/16.", text);

    private static bool TryParse(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
}
