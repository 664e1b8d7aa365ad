using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using PreciseBn.Transfer;

namespace PreciseBn.Sharding;

/// <summary>Partial statistics as a safetensors file: two tensors a layer, and all else in the metadata.</summary>
internal static class PartialArchive
{
    private const string RecordKey = "precise_bn.partial";
    private const string Moments = "moments";
    private const string Previous = "previous";
    private const int PreviousRows = 2;

    private static readonly JsonSerializerOptions Json = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <exception cref="PreciseBnException">The file cannot be written; what was there still is.</exception>
    public static void Write(string path, bool overwrite, PartialContents contents)
    {
        var tensors = new SafetensorsWriter();
        foreach (var partial in contents.Partials)
        {
            tensors.AddRows(Key(partial.Name, Moments), MomentTable.Rows, partial.Moments);
            tensors.AddRows(Key(partial.Name, Previous), PreviousRows, [.. partial.PreviousMean, .. partial.PreviousVariance]);
        }
        foreach (var (key, value) in Provenance.Describe())
            tensors.Metadata[key] = value;
        tensors.Metadata[RecordKey] = JsonSerializer.Serialize(ToRecord(contents), Json);
        FileReplacement.Write(path, tensors.ToBytes(), overwrite);
    }

    public static bool IsIn(SourceFile file) =>
        SafetensorsHeader.IsAtStart(file) && SafetensorsHeader.Read(file).Metadata.ContainsKey(RecordKey);

    /// <exception cref="PreciseBnException">The file holds no partial statistics, or is damaged.</exception>
    public static PartialContents Read(SourceFile file)
    {
        var header = SafetensorsHeader.TryReadOwn(file, RecordKey) ?? throw PartialErrors.NotAPartial(file.Path);
        var record = Parse(header.Metadata[RecordKey], file.Path);
        var tensors = header.Tensors.DistinctBy(tensor => tensor.Name).ToDictionary(tensor => tensor.Name);
        var partials = record.Layers.Select(layer => ToPartial(record, layer, tensors, file)).ToArray();
        foreach (var partial in partials)
        {
            if (PartialNumbers.WhatIsWrong(partial) is { } wrong)
                throw FileErrors.Damaged(file.Path, wrong);
        }
        return new PartialContents(partials, record.IsFinished, record.Arguments);
    }

    private static PartialRecord ToRecord(PartialContents contents)
    {
        var first = contents.Partials[0];
        return new PartialRecord
        {
            Path = first.Path,
            Program = first.Program,
            ModelSha256 = first.ModelSha256,
            ContentSha256 = first.ContentSha256,
            Estimators = first.Estimators,
            Device = first.Device,
            AllowsTf32 = first.AllowsTf32,
            Shards = first.Shards,
            TotalBatches = first.TotalBatches,
            SkippedBatches = first.SkippedBatches,
            ItemsLeftOut = first.ItemsLeftOut,
            Call = first.Call,
            Iterations = first.Iterations,
            Tolerance = first.Tolerance,
            StoppedBy = first.StoppedBy,
            IsFinished = contents.IsFinished,
            Arguments = contents.Arguments,
            Layers = contents.Partials.Select(partial => new PartialRecord.Layer(
                partial.Name, partial.Type, partial.Batches, partial.Uses, partial.Count, partial.BatchesTracked, partial.Eps, partial.Aliases.Length > 0 ? partial.Aliases : null, partial.InputScale)).ToArray(),
        };
    }

    private static PartialBnStat ToPartial(
        PartialRecord record, PartialRecord.Layer layer, Dictionary<string, SafetensorsTensor> tensors, SourceFile file)
    {
        var moments = Rows(layer.Name, Moments, MomentTable.Rows, tensors, file);
        var previous = Rows(layer.Name, Previous, PreviousRows, tensors, file);
        var channels = previous.Length / PreviousRows;
        if (moments.Length != MomentTable.Rows * channels)
            throw FileErrors.Damaged(file.Path, $"its tensors of the layer '{layer.Name}' differ in size");
        return new PartialBnStat
        {
            Name = layer.Name,
            Type = layer.Type,
            Eps = layer.Eps,
            Aliases = layer.Aliases ?? [],
            Batches = layer.Batches,
            Uses = layer.Uses,
            Count = layer.Count,
            Moments = moments,
            PreviousMean = previous[..channels],
            PreviousVariance = previous[channels..],
            BatchesTracked = layer.BatchesTracked,
            Shards = record.Shards,
            TotalBatches = record.TotalBatches,
            SkippedBatches = record.SkippedBatches,
            ItemsLeftOut = record.ItemsLeftOut,
            InputScale = layer.InputScale,
            Call = record.Call,
            Iterations = record.Iterations,
            Tolerance = record.Tolerance,
            StoppedBy = record.StoppedBy,
            Estimators = record.Estimators,
            Device = record.Device,
            AllowsTf32 = record.AllowsTf32,
            Path = record.Path,
            Program = record.Program,
            ModelSha256 = record.ModelSha256,
            ContentSha256 = record.ContentSha256,
        };
    }

    private static double[] Rows(string layer, string name, int rows, Dictionary<string, SafetensorsTensor> tensors, SourceFile file)
    {
        var key = Key(layer, name);
        if (!tensors.TryGetValue(key, out var tensor))
            throw FileErrors.Damaged(file.Path, $"it has no tensor '{key}'");
        if (tensor.DType != DType.Float64 || tensor.Shape.Count != 2 || tensor.Shape[0] != rows || tensor.Shape[1] is < 1 or > TensorSlot.LongestVector / MomentTable.Rows)
            throw FileErrors.Damaged(file.Path, $"its tensor '{key}' has an impossible size");
        var values = GC.AllocateUninitializedArray<double>(checked((int)(rows * tensor.Shape[1])));
        file.Read(tensor.Position, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    private static PartialRecord Parse(string json, string path)
    {
        var damaged = FileErrors.Damaged(path, "its list of layers cannot be read");
        try
        {
            return JsonSerializer.Deserialize<PartialRecord>(json, Json) is { IsComplete: true } record ? record : throw damaged;
        }
        catch (JsonException)
        {
            throw damaged;
        }
    }

    private static string Key(string layer, string tensor) => layer.Length == 0 ? tensor : $"{layer}.{tensor}";
}

/// <summary>What a file of partial statistics holds.</summary>
/// <param name="Partials">The statistics, one object a layer.</param>
/// <param name="IsFinished">Whether the measurement has come to its end.</param>
/// <param name="Arguments">What the measurement was given, by name, for one that goes on; empty where none is to.</param>
internal sealed record PartialContents(
    IReadOnlyList<PartialBnStat> Partials, bool IsFinished, IReadOnlyDictionary<string, string> Arguments);

/// <summary>What stands in the metadata of a file of partial statistics, beside the tensors.</summary>
internal sealed record PartialRecord
{
    public string? Path { get; init; }

    public string? Program { get; init; }

    public string? ModelSha256 { get; init; }

    public required string ContentSha256 { get; init; }

    public required Estimator[] Estimators { get; init; }

    public required string Device { get; init; }

    public bool AllowsTf32 { get; init; }

    public required string[] Shards { get; init; }

    public required long TotalBatches { get; init; }

    public required long SkippedBatches { get; init; }

    public required long ItemsLeftOut { get; init; }

    public required string Call { get; init; }

    public int Iterations { get; init; }

    public double? Tolerance { get; init; }

    public required StopReason StoppedBy { get; init; }

    public required bool IsFinished { get; init; }

    public required IReadOnlyDictionary<string, string> Arguments { get; init; }

    public required Layer[] Layers { get; init; }

    /// <summary>Whether it says what it must, as JSON can leave things empty that the types do not allow to be.</summary>
    [JsonIgnore]
    public bool IsComplete => ContentSha256 is not null && Call is not null && Device is not null && Arguments is not null
        && Estimators?.Length > 0 && Shards?.Length > 0 && Shards.All(shard => shard is not null)
        && Layers?.Length > 0 && Layers.All(layer => layer is { Name: not null, Type: not null, Batches: >= 0, Uses: >= 0, Count: >= 0 });

    internal sealed record Layer(string Name, string Type, long Batches, long Uses, long Count, long? BatchesTracked, double Eps = double.NaN, string[]? Aliases = null,
        InputScale? InputScale = null);
}
