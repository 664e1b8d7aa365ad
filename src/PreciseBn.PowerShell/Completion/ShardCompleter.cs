namespace PreciseBn.PowerShell.Completion;

/// <summary>Completes shards, of some usual numbers of them.</summary>
public sealed class ShardCompleter : Completer
{
    private static readonly int[] UsualCounts = [2, 4, 8];

    private protected override IEnumerable<(string Name, string Tip)> Candidates(TypedCommand typed) =>
        from count in UsualCounts
        from number in Enumerable.Range(1, count)
        select ($"{number}/{count}", $"number {number} of {count} shards");
}
