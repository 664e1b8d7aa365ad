using PreciseBn.Comparison;

namespace PreciseBn;

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
