using PreciseBn.Batches;
using PreciseBn.Data;
using static TorchSharp.torch;

namespace PreciseBn.Tests.Support;

/// <summary>Short ways to run the library on the fixtures.</summary>
internal static class Runs
{
    /// <summary>The calibration digits in order, normalised as the network was trained.</summary>
    public static BnDataLoader Digits(int batchSize = 32, long? take = null) => BnDataLoader.FromFiles(
        [Fixtures.Path("digits.calibration.npz")],
        new() { Keys = ["images"], Order = DataOrder.Sequential, BatchSize = batchSize, Take = take, Mean = [0.1307], StandardDeviation = [0.3081] });

    /// <summary>The test digits in order with their labels, normalised as the network was trained.</summary>
    public static BnDataLoader LabelledDigits(int? batchSize = 32) => BnDataLoader.FromFiles([Fixtures.Path("digits.test.npz")],
        new() { Keys = ["images"], LabelKey = "labels", Order = DataOrder.Sequential, BatchSize = batchSize, Mean = [0.1307], StandardDeviation = [0.3081] });

    /// <summary>The batches that a model's reference statistics were computed from.</summary>
    public static BnDataLoader DataFor(string model) => model.Split('.')[0] switch
    {
        "digits" => Digits(),
        "two-inputs" => BnDataLoader.FromFiles(
            [Fixtures.Path("two-inputs.batches.npz")], new() { AsBatches = true, Keys = ["left", "right"] }),
        var name => BnDataLoader.FromFiles([Fixtures.Path($"{name}.batches.npz")], new() { AsBatches = true }),
    };

    /// <summary>The layers of a model in memory.</summary>
    public static IReadOnlyList<BnModule> Layers(nn.Module model) => BnModel.Of(model).Layers;

    /// <summary>What a file says of its layers.</summary>
    public static Reading Read(string path)
    {
        using var model = BnModel.Open(path);
        return new Reading(model.Path!, model.Layers, model.UntrackedLayers, model.Contents, model.Diagnose());
    }

    public static IReadOnlyList<BnStat> Measure(
        IReadOnlyList<BnModule> layers, IBatchSource data, MeasureOptions? options = null,
        IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var model = BnModel.Of(layers).Single();
        return model.Measure(data, options, progress, cancellation).Statistics;
    }

    public static IReadOnlyList<BnStat> Update(
        IReadOnlyList<BnModule> layers, IBatchSource data, MeasureOptions? options = null,
        IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default, SaveOptions? save = null)
    {
        using var model = BnModel.Of(layers).Single();
        return model.Update(data, options, save, progress, cancellation).Statistics;
    }

    public static Dictionary<string, BnStat> Update(
        string path, IBatchSource data, MeasureOptions? options = null, Func<BnModule, bool>? where = null, SaveOptions? save = null) =>
        Update(Read(path).Layers.Where(where ?? (_ => true)).ToArray(), data, options, save: save).ToDictionary(stat => stat.Name);

    public static IReadOnlyList<PartialBnStat> MeasureShard(
        IReadOnlyList<BnModule> layers, IBatchSource data, ShardOptions? options = null,
        IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var model = BnModel.Of(layers).Single();
        return model.MeasureShard(data, options, progress, cancellation);
    }

    /// <summary>Puts statistics into a file.</summary>
    public static IReadOnlyList<BnModule> Apply(string path, IReadOnlyList<ILayerStatistics> statistics, MatchOptions? match = null, SaveOptions? save = null)
    {
        using var model = BnModel.Open(path);
        return model.Apply(statistics, match, save);
    }

    /// <summary>Puts merged statistics into the model that they were measured on.</summary>
    public static IReadOnlyList<BnStat> Save(IReadOnlyList<BnStat> merged, SaveOptions? save = null)
    {
        using var model = BnModel.Open(merged[0].Path!);
        return model.Save(new BnResult(merged), save).Layers;
    }

    public static MeasureOptions With(Estimator estimator) => new() { Estimators = [estimator] };

    public static MeasureOptions With(int iterations) => new() { Iterations = iterations };

    internal sealed record Reading(
        string Path, IReadOnlyList<BnModule> Layers, IReadOnlyList<string> UntrackedLayers, string Contents, IReadOnlyList<BnFinding> Findings);
}
