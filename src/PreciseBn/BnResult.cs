using PreciseBn.Batches;
using PreciseBn.Comparison;
using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Transfer;

namespace PreciseBn;

/// <summary>What measuring a model gave: the statistics of its layers, and how they came about.</summary>
/// <param name="Statistics">One object a layer and estimator, the estimators one after the other.</param>
public sealed record BnResult(IReadOnlyList<BnStat> Statistics)
{
    /// <summary>The statistics of the first estimator, one object a layer, in the order of the model.</summary>
    public IReadOnlyList<BnStat> Layers { get; } = OfOneModel(Statistics).Where(stat => stat.Estimator == Statistics[0].Estimator).ToArray();

    /// <summary>Names of layers that no batch reached; they keep the statistics that they had.</summary>
    public IReadOnlyList<string> Unreached => Layers.Where(stat => stat.Batches == 0).Select(stat => stat.Name).ToArray();

    /// <summary>The most batches that reached a layer.</summary>
    public long Batches => Layers.Max(stat => stat.Batches);

    /// <summary>Number of batches that were left out because they had NaN or infinity.</summary>
    public long SkippedBatches => Layers[0].SkippedBatches;

    /// <summary>Number of items that were left out because they did not make a batch that the model takes.</summary>
    public long ItemsLeftOut => Layers[0].ItemsLeftOut;

    /// <summary>Whether successive batches are plainly alike, so that the data have an order; see <see cref="BnStat.SerialCorrelation"/>.</summary>
    public bool IsOrdered => DataFindings.IsOrdered(Layers);

    /// <summary>How the numbers that the model was given are scaled, by the first batch; <c>null</c> where that is not known.</summary>
    public InputScale? InputScale => First?.InputScale;

    /// <summary>
    /// Whether these numbers are plainly not prepared as those of the training: they are not of mean 0 and deviation 1, not even roughly, and
    /// the first layer, which differs little between data that are prepared alike, moves far.
    /// </summary>
    public bool IsScaledOtherwise => First is { InputScale.IsNormalized: false } first && DataFindings.MovesAsAWhole(first);

    /// <summary>Why no more batches were used.</summary>
    public StopReason StoppedBy => Layers[0].StoppedBy;

    /// <summary>Which model it was measured on, for merged statistics; see <see cref="PartialBnStat.ContentSha256"/>.</summary>
    public string? ContentSha256 => Layers[0].ContentSha256;

    /// <summary>Writes the statistics of the first estimator to a new file, see <see cref="BnStatFile"/>.</summary>
    /// <exception cref="PreciseBnException">The file cannot be written; what was there still is.</exception>
    public void Export(string path, bool force = false) => BnStatFile.Write(path, Layers, force);

    /// <summary>Reads what <see cref="Export"/> wrote.</summary>
    /// <exception cref="PreciseBnException">The file is missing, damaged, or holds something else.</exception>
    public static BnResult Import(string path) => new(BnStatFile.Read(path).OfType<BnStat>().ToArray() is { Length: > 0 } stats ? stats : throw BnStatFile.NothingMeasured(path));

    private static IReadOnlyList<BnStat> OfOneModel(IReadOnlyList<BnStat> statistics)
    {
        if (statistics is not { Count: > 0 })
            throw TransferErrors.NothingGiven();
        var models = statistics.Select(stat => stat.Path).OfType<string>().Distinct().ToArray();
        if (models.Length > 1 || statistics.Select(stat => stat.Program).Distinct().Count() > 1 || statistics.Select(stat => stat.ContentSha256).Distinct().Count() > 1)
            throw TransferErrors.ModelsMixed(models);
        return statistics.GroupBy(stat => (stat.Name, stat.Estimator)).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw TransferErrors.GivenTwice(twice.Key.Name)
            : statistics;
    }

    /// <summary>The layer that the data reach first; <c>null</c> where that is not known.</summary>
    internal BnStat? First => Layers.FirstOrDefault(stat => stat.InputScale is not null);

    /// <summary>The same where it has been written; only what was written is there.</summary>
    internal BnResult At(string? path) => new(Statistics.Select(stat => stat.Estimator == Statistics[0].Estimator ? stat with { Path = path, File = path is null ? null : FileStatus.At(path)?.Identity } : stat).ToArray());
}

/// <summary>Why no more batches were used.</summary>
public enum StopReason
{
    /// <summary>The number that was asked for, or is the most, was reached.</summary>
    Iterations,

    /// <summary>The data ended.</summary>
    DataEnd,

    /// <summary>All statistics were as precise as was asked for.</summary>
    Tolerance,
}
