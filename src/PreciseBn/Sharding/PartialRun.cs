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

    public required ShardOptions Options { get; init; }

    /// <summary>The things that must be the same for a run to go on where another was broken off, as a user knows them.</summary>
    public IReadOnlyDictionary<string, string> Arguments => new Dictionary<string, string>
    {
        ["model"] = Model.Content,
        ["layers"] = string.Join(", ", Layers.Select(layer => layer.Name)),
        ["shard"] = Shard.ToString(),
        ["device"] = Device,
        ["-Estimator"] = string.Join(", ", Options.Estimators),
        ["-Iterations"] = $"{Options.Iterations}",
        ["-Tolerance"] = FormattableString.Invariant($"{Options.Tolerance:R}"),
        ["-AllowReuse"] = $"{Options.AllowReuse}",
        ["-SkipNonFinite"] = $"{Options.SkipNonFinite}",
        ["-MemoryFormat"] = $"{Options.MemoryFormat}",
    };

    public IReadOnlyList<PartialBnStat> ToPartials(MomentTotals totals, StopReason stoppedBy) =>
        Layers.Zip(totals.Layers, (layer, moments) => new PartialBnStat
        {
            Name = layer.Name,
            Type = layer.Type,
            Batches = moments.Batches,
            Uses = moments.Uses,
            Count = moments.Count,
            Moments = moments.Table,
            PreviousMean = layer.Mean,
            PreviousVariance = layer.Variance,
            BatchesTracked = layer.BatchesTracked,
            Shards = [Shard.ToString()],
            TotalBatches = totals.Batches,
            SkippedBatches = totals.Skipped,
            StoppedBy = stoppedBy,
            Estimators = [.. Options.Estimators],
            Device = Device,
            Path = Path,
            ModelSha256 = Model.File,
            ContentSha256 = Model.Content,
        }).ToArray();
}
