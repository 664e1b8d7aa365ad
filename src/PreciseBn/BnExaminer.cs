using PreciseBn.Comparison;

namespace PreciseBn;

/// <summary>Looks for what is not right with the BatchNorm layers of a model.</summary>
public static class BnExaminer
{
    /// <summary>Looks at a file as a whole, and at each of its layers. No data are needed.</summary>
    public static IEnumerable<BnFinding> Examine(ModelSummary model)
    {
        if (model.Layers.Count == 0)
            yield return Finding(model, "", FindingSeverity.Warning, FindingKind.NoBatchNorm,
                $"There is no BatchNorm layer with tracked statistics; the file {model.Contents}.",
                "If they were folded into other layers, recompute the statistics before that.");
        foreach (var name in model.UntrackedLayers)
            yield return Finding(model, name, FindingSeverity.Information, FindingKind.Untracked,
                "The layer keeps no statistics and normalises by those of each batch.",
                "Its results depend on the batch; train it with track_running_stats to change that.");
        foreach (var finding in model.Layers.SelectMany(StatisticsFindings.Of))
            yield return finding;
    }

    /// <summary>Looks at a layer. No data are needed.</summary>
    public static IEnumerable<BnFinding> Examine(BnModule layer) => StatisticsFindings.Of(layer);

    /// <summary>Looks at layers as data have shown them, see <see cref="BnUpdater.Measure"/>.</summary>
    public static IEnumerable<BnFinding> Examine(IReadOnlyList<BnStat> measured) =>
        DataFindings.OfModel(measured).Concat(measured.SelectMany(DataFindings.Of));

    /// <summary>Looks at what was compared: at layers of files as they are, and at measured ones as data have shown them.</summary>
    public static IEnumerable<BnFinding> Examine(IReadOnlyList<BnComparison> compared)
    {
        var measured = compared.Select(comparison => comparison.Difference).OfType<BnStat>().ToArray();
        return compared.Select(comparison => comparison.Difference).OfType<BnModule>().SelectMany(StatisticsFindings.Of)
            .Concat(measured.Length > 0 ? Examine(measured) : []);
    }

    private static BnFinding Finding(
        ModelSummary model, string name, FindingSeverity severity, FindingKind kind, string detail, string advice) => new()
        {
            Name = name,
            Severity = severity,
            Finding = kind,
            Detail = detail,
            Advice = advice,
            Path = model.Path,
        };
}
