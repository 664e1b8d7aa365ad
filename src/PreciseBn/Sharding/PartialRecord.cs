using System.Text.Json.Serialization;

namespace PreciseBn.Sharding;

/// <summary>What stands in the metadata of a file of partial statistics, beside the tensors.</summary>
internal sealed record PartialRecord
{
    public string? Path { get; init; }

    public string? ModelSha256 { get; init; }

    public required string ContentSha256 { get; init; }

    public required Estimator[] Estimators { get; init; }

    public required string Device { get; init; }

    public required string[] Shards { get; init; }

    public required long TotalBatches { get; init; }

    public required long SkippedBatches { get; init; }

    public required StopReason StoppedBy { get; init; }

    public required bool IsFinished { get; init; }

    public required IReadOnlyDictionary<string, string> Arguments { get; init; }

    public required Layer[] Layers { get; init; }

    /// <summary>Whether it says what it must, as JSON can leave things empty that the types do not allow to be.</summary>
    [JsonIgnore]
    public bool IsComplete => ContentSha256 is not null && Device is not null && Arguments is not null
        && Estimators?.Length > 0 && Shards?.Length > 0 && Shards.All(shard => shard is not null)
        && Layers?.Length > 0 && Layers.All(layer => layer is { Name: not null, Type: not null, Batches: >= 0, Uses: >= 0, Count: >= 0 });

    internal sealed record Layer(string Name, string Type, long Batches, long Uses, long Count, long? BatchesTracked, double Eps = double.NaN);
}
