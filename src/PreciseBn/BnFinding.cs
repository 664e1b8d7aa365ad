using PreciseBn.Comparison;

namespace PreciseBn;

/// <summary>Something that was found about a BatchNorm layer, or about a model as a whole.</summary>
public sealed record BnFinding
{
    /// <summary>Path of the layer in the model; empty for the model as a whole.</summary>
    public required string Name { get; init; }

    /// <summary>How bad it is.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>What it is.</summary>
    public required FindingKind Finding { get; init; }

    /// <summary>What it is in this case: one sentence.</summary>
    public required string Detail { get; init; }

    /// <summary>What to do about it: one sentence.</summary>
    public required string Advice { get; init; }

    /// <summary>Full path of the file; <c>null</c> for a live model.</summary>
    public string? Path { get; init; }

    /// <summary>Which program of the file it is about, if torch.export has put several there; else <c>null</c>.</summary>
    public string? Program { get; init; }

    /// <summary>What was found, in a line.</summary>
    public override string ToString() => $"{Severity}: {(Place.Length > 0 ? $"{Place}: " : "")}{Detail}";

    private string Place => Program is null ? Name : $"{Name} ({Program})".TrimStart();

    internal static BnFinding About(ILayerStatistics layer, FindingSeverity severity, FindingKind kind, string detail, string advice) =>
        About(layer.Path, layer.Program, layer.Name, severity, kind, detail, advice);

    internal static BnFinding About(string? path, string? program, string name, FindingSeverity severity, FindingKind kind, string detail, string advice) => new()
    {
        Name = name,
        Severity = severity,
        Finding = kind,
        Detail = detail,
        Advice = advice,
        Path = path,
        Program = program,
    };
}

/// <summary>What can be found about the BatchNorm layers of a model.</summary>
public enum FindingKind
{
    /// <summary>The file has no BatchNorm layer with tracked statistics; they may have been folded away.</summary>
    NoBatchNorm,

    /// <summary>The layer keeps no statistics and normalises by those of each batch.</summary>
    Untracked,

    /// <summary>The code of the model does more than compute.</summary>
    BeyondNumbers,

    /// <summary>A call of BatchNorm whose statistics could not be found out, so that they stay as they are.</summary>
    Unaccounted,

    /// <summary>The statistics are those of a new layer: mean 0, variance 1, no batches tracked.</summary>
    NeverTrained,

    /// <summary>A mean or variance is NaN or infinite.</summary>
    NonFinite,

    /// <summary>A variance is negative.</summary>
    NegativeVariance,

    /// <summary>Channels hardly vary.</summary>
    DeadChannels,

    /// <summary>A mean is many deviations away from 0.</summary>
    FarMean,

    /// <summary>Training does not move the statistics.</summary>
    ZeroMomentum,

    /// <summary>Half precision holds the statistics badly.</summary>
    LostRange,

    /// <summary>The data never reached the layer.</summary>
    NeverReached,

    /// <summary>The layer runs more than once in a forward pass.</summary>
    Reused,

    /// <summary>Batches of the data gave NaN or infinity.</summary>
    NonFiniteData,

    /// <summary>The batches of the data were plainly not drawn at random.</summary>
    OrderedData,

    /// <summary>The data are scaled otherwise than those of the training.</summary>
    ScaledOtherwise,

    /// <summary>The statistics are off by more than the error of those measured on the data.</summary>
    Stale,
}

/// <summary>How bad a finding is.</summary>
public enum FindingSeverity
{
    /// <summary>Worth knowing.</summary>
    Information,

    /// <summary>Probably not meant so.</summary>
    Warning,

    /// <summary>The model cannot work well with this.</summary>
    Error,
}

/// <summary>Looks for what is not right with BatchNorm layers, as data or a comparison have shown them; see <see cref="BnModel.Diagnose"/> too.</summary>
public static class BnExaminer
{
    /// <summary>Looks at a layer. No data are needed.</summary>
    public static IEnumerable<BnFinding> Examine(BnModule layer) => StatisticsFindings.Of(layer);

    /// <summary>Looks at layers as data have shown them, see <see cref="BnModel.Measure"/>.</summary>
    public static IEnumerable<BnFinding> Examine(IReadOnlyList<BnStat> measured) =>
        DataFindings.OfModel(measured).Concat(measured.SelectMany(DataFindings.Of));

    /// <summary>Looks at what measuring a model gave, see <see cref="BnModel.Measure"/>.</summary>
    public static IEnumerable<BnFinding> Examine(BnResult result) => DataFindings.OfData(result).Concat(Examine(result.Statistics));

    /// <summary>Looks at what was compared: at layers of files as they are, and at measured ones as data have shown them.</summary>
    public static IEnumerable<BnFinding> Examine(IReadOnlyList<BnComparison> compared)
    {
        var measured = compared.Select(comparison => comparison.Difference).OfType<BnStat>().ToArray();
        return compared.Select(comparison => comparison.Difference).OfType<BnModule>().SelectMany(StatisticsFindings.Of)
            .Concat(measured.Length > 0 ? Examine(measured) : []);
    }
}
