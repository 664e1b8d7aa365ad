using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Transfer;

/// <summary>
/// Statistics alone as a safetensors file. The tensors have the names that load_state_dict knows; what else an object has
/// stands beside them and in the metadata.
/// </summary>
internal static class StatisticsArchive
{
    public const string LayersKey = "precise_bn.layers";

    private const string Mean = "running_mean";
    private const string Variance = "running_var";
    private const string BatchesTracked = "num_batches_tracked";
    private const string PreviousMean = "previous_mean";
    private const string PreviousVariance = "previous_var";
    private const string MeanError = "mean_standard_error";
    private const string LogVarianceError = "log_var_standard_error";

    private static readonly JsonSerializerOptions Json = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static SafetensorsWriter ToTensors(IReadOnlyList<ILayerStatistics> layers)
    {
        var writer = new SafetensorsWriter();
        foreach (var layer in layers)
        {
            foreach (var name in LayerMatching.Names(layer))
            {
                writer.Add(Key(name, Mean), layer.Mean);
                writer.Add(Key(name, Variance), layer.Variance);
                if (layer.BatchesTracked is { } batches)
                    writer.AddCount(Key(name, BatchesTracked), batches);
            }
            if (layer is not BnStat stat)
                continue;
            writer.Add(Key(layer.Name, PreviousMean), stat.PreviousMean);
            writer.Add(Key(layer.Name, PreviousVariance), stat.PreviousVariance);
            writer.Add(Key(layer.Name, MeanError), stat.MeanStandardError);
            writer.Add(Key(layer.Name, LogVarianceError), stat.LogVarianceStandardError);
        }
        writer.Metadata[LayersKey] = JsonSerializer.Serialize(layers.Select(ToRecord), Json);
        return writer;
    }

    /// <exception cref="PreciseBnException">The file was not exported, or is damaged.</exception>
    public static IReadOnlyList<ILayerStatistics> Read(SourceFile file)
    {
        var header = SafetensorsHeader.TryReadOwn(file, LayersKey) ?? throw TransferErrors.NotExported(file.Path);
        var tensors = header.Tensors.DistinctBy(tensor => tensor.Name)
            .ToDictionary(tensor => tensor.Name, tensor => StoredArray.InFile(tensor.Name, tensor.DType, tensor.Shape, file, tensor.Position));
        try
        {
            var records = JsonSerializer.Deserialize<LayerRecord[]>(header.Metadata[LayersKey], Json) ?? [];
            return records.All(IsWhole) && records.DistinctBy(record => record.Name).Count() == records.Length
                ? records.Select(record => ToLayer(record, tensors, file.Path)).ToArray()
                : throw FileErrors.Damaged(file.Path, "its list of layers has one without a name, or two of one name");
        }
        catch (JsonException)
        {
            throw FileErrors.Damaged(file.Path, "its list of layers cannot be read");
        }
    }

    private static bool IsWhole(LayerRecord? record) => record is { Name: not null, Type: not null } && record.Aliases?.Contains(null!) != true;

    private static IReadOnlyList<string>? Given(IReadOnlyList<string> aliases) => aliases.Count > 0 ? aliases : null;

    private static LayerRecord ToRecord(ILayerStatistics layer) => layer switch
    {
        BnStat stat => new()
        {
            Name = stat.Name,
            Aliases = Given(stat.Aliases),
            Type = stat.Type,
            Path = stat.Path,
            Program = stat.Program,
            Stat = new(stat.Batches, stat.Uses, stat.Count, stat.Estimator, stat.SkippedBatches, stat.StoppedBy, stat.Convergence.Count > 0 ? stat.Convergence : null, stat.Eps,
                stat.ItemsLeftOut, stat.SerialCorrelation, stat.ContentSha256, stat.Data, stat.Device, stat.InputScale, stat.Command),
        },
        BnModule module => new()
        {
            Name = module.Name,
            Aliases = Given(module.Aliases),
            Type = module.Type,
            Path = module.Path,
            Program = module.Program,
            Module = new(module.Momentum, module.Eps, module.Affine, module.Training, module.DType, module.IsStale),
        },
        _ => throw new ArgumentException($"Statistics of the type {layer.GetType().Name} cannot be exported.", nameof(layer)),
    };

    private static ILayerStatistics ToLayer(LayerRecord record, Dictionary<string, StoredArray> tensors, string path)
    {
        double[] Vector(string name) => Values(record.Name, name, tensors, path)
            ?? throw FileErrors.Damaged(path, $"it has no tensor '{Key(record.Name, name)}'");
        var batches = Values(record.Name, BatchesTracked, tensors, path) is [var count] ? (long?)count : null;
        return record switch
        {
            { Stat: { } stat } => ToStat(record, stat, batches, Vector),
            { Module: { } module } => ToModule(record, module, batches, Vector),
            _ => throw FileErrors.Damaged(path, "its list of layers cannot be read"),
        };
    }

    private static BnStat ToStat(LayerRecord record, LayerRecord.StatRecord stat, long? batches, Func<string, double[]> vector) => new()
    {
        Name = record.Name,
        Aliases = record.Aliases ?? [],
        Type = record.Type,
        Path = record.Path,
        Program = record.Program,
        Eps = stat.Eps,
        Batches = stat.Batches,
        Uses = stat.Uses,
        Count = stat.Count,
        Estimator = stat.Estimator,
        BatchesTracked = batches,
        Mean = vector(Mean),
        Variance = vector(Variance),
        PreviousMean = vector(PreviousMean),
        PreviousVariance = vector(PreviousVariance),
        MeanStandardError = vector(MeanError),
        LogVarianceStandardError = vector(LogVarianceError),
        SkippedBatches = stat.SkippedBatches,
        StoppedBy = stat.StoppedBy,
        Convergence = stat.Convergence ?? [],
        ItemsLeftOut = stat.ItemsLeftOut,
        SerialCorrelation = stat.SerialCorrelation,
        ContentSha256 = stat.ContentSha256,
        Data = stat.Data,
        Device = stat.Device,
        InputScale = stat.InputScale,
        Command = stat.Command,
    };

    private static BnModule ToModule(LayerRecord record, LayerRecord.ModuleRecord module, long? batches, Func<string, double[]> vector) => new()
    {
        Name = record.Name,
        Aliases = record.Aliases ?? [],
        Type = record.Type,
        Path = record.Path,
        Program = record.Program,
        Momentum = module.Momentum,
        Eps = module.Eps,
        Affine = module.Affine,
        Training = module.Training,
        IsStale = module.IsStale,
        DType = module.DType,
        BatchesTracked = batches,
        Mean = vector(Mean),
        Variance = vector(Variance),
    };

    private static double[]? Values(string layer, string name, Dictionary<string, StoredArray> tensors, string path)
    {
        if (!tensors.TryGetValue(Key(layer, name), out var tensor))
            return null;
        var length = StoredArray.Size(tensor.DType, tensor.Shape) / tensor.DType.Size();
        if (tensor.Shape.Count > 1 || length is < 1 or > TensorSlot.LongestVector)
            throw FileErrors.Damaged(path, $"its tensor '{tensor.Name}' has an impossible size");
        var bytes = new byte[length * tensor.DType.Size()];
        tensor.Read(0, bytes);
        return Enumerable.Range(0, (int)length).Select(i => NumberFormat.Read(tensor.DType, bytes.AsSpan(i * tensor.DType.Size()))).ToArray();
    }

    private static string Key(string layer, string tensor) => layer.Length == 0 ? tensor : $"{layer}.{tensor}";
}

/// <summary>What an exported layer is, besides its numbers; this is what stands in the metadata of the file.</summary>
internal sealed record LayerRecord
{
    public required string Name { get; init; }

    /// <summary>Other names of it; <c>null</c> if it has none.</summary>
    public IReadOnlyList<string>? Aliases { get; init; }

    public required string Type { get; init; }

    public string? Path { get; init; }

    public string? Program { get; init; }

    /// <summary>What only a <see cref="BnModule"/> has.</summary>
    public ModuleRecord? Module { get; init; }

    /// <summary>What only a <see cref="BnStat"/> has.</summary>
    public StatRecord? Stat { get; init; }

    internal sealed record ModuleRecord(double? Momentum, double Eps, bool Affine, bool Training, DType DType, bool IsStale = false);

    internal sealed record StatRecord(
        long Batches, long Uses, long Count, Estimator Estimator, long SkippedBatches, StopReason StoppedBy, IReadOnlyList<ConvergencePoint>? Convergence, double Eps = double.NaN,
        long ItemsLeftOut = 0, double SerialCorrelation = double.NaN, string? ContentSha256 = null, string? Data = null, string? Device = null, InputScale? InputScale = null,
        string? Command = null);
}

/// <summary>What every file that is written here says of its making.</summary>
internal static class Provenance
{
    public static IEnumerable<(string Key, string Value)> Describe()
    {
        yield return ("format", "pt");
        yield return ("precise_bn.created", DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        yield return ("precise_bn.version", Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]);
        yield return ("libtorch.version", TorchSharp.torch.__version__);
    }
}
