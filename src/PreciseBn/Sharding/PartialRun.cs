using PreciseBn.Models;
using PreciseBn.Recalibration;

namespace PreciseBn.Sharding;

/// <summary>What a measurement of partial statistics is given: the model, the layers, the shard, and how.</summary>
internal sealed record PartialRun
{
    public required string? Path { get; init; }

    public required ModelFingerprint Model { get; init; }

    public required IReadOnlyList<BnModule> Layers { get; init; }

    public required ShardLabel Shard { get; init; }

    public required string Device { get; init; }

    public required bool AllowsTf32 { get; init; }

    public required ShardOptions Options { get; init; }

    /// <summary>The things that must be the same for a run to go on where another was broken off, as a user knows them.</summary>
    public IReadOnlyDictionary<string, string> Arguments => new Dictionary<string, string>
    {
        ["model"] = Model.Content,
        ["layers"] = string.Join(", ", Layers.Select(layer => layer.Name)),
        ["call"] = Options.Call,
        ["shard"] = Shard.ToString(),
        ["device"] = Device,
        ["estimators"] = string.Join(", ", Options.Estimators),
        ["iterations"] = $"{Options.Iterations}",
        ["tolerance"] = FormattableString.Invariant($"{Options.Tolerance:R}"),
        ["allow reuse"] = $"{Options.AllowReuse}",
        ["skip non-finite"] = $"{Options.SkipNonFinite}",
        ["allow TF32"] = $"{AllowsTf32}",
        ["memory format"] = $"{Options.MemoryFormat}",
    };

    public IReadOnlyList<PartialBnStat> ToPartials(MomentTotals totals, StopReason stoppedBy, long itemsLeftOut = 0, Entrance? entrance = null) =>
        Layers.Zip(totals.Layers, (layer, moments) => new PartialBnStat
        {
            Name = layer.Name,
            Type = layer.Type,
            Eps = layer.Eps,
            Aliases = [.. layer.Aliases],
            Batches = moments.Batches,
            Uses = moments.Uses,
            Count = moments.Count,
            Moments = moments.Table.Values,
            PreviousMean = layer.Mean,
            PreviousVariance = layer.Variance,
            BatchesTracked = layer.BatchesTracked,
            Shards = [Shard.ToString()],
            TotalBatches = totals.Batches,
            SkippedBatches = totals.Skipped,
            ItemsLeftOut = itemsLeftOut,
            InputScale = entrance?.Of(layer.Name),
            Call = Options.Call,
            Iterations = Options.Iterations ?? RunOptions.DefaultIterations,
            Tolerance = Options.Tolerance,
            StoppedBy = stoppedBy,
            Estimators = [.. Options.Estimators],
            Device = Device,
            AllowsTf32 = AllowsTf32,
            Path = Path,
            ModelSha256 = Model.File,
            ContentSha256 = Model.Content,
        }).ToArray();
}
