using PreciseBn.Batches;
using PreciseBn.Data;

namespace PreciseBn.Tests.Support;

/// <summary>Short ways to run the library on the fixtures.</summary>
internal static class Runs
{
    /// <summary>The calibration digits in order, normalised as the network was trained.</summary>
    public static BnDataLoader Digits(int batchSize = 32, long? take = null) => BnDataLoader.FromFiles(
        [Fixtures.Path("digits.calibration.npz")],
        new() { Keys = ["images"], BatchSize = batchSize, Take = take, Mean = [0.1307], StandardDeviation = [0.3081] });

    /// <summary>The batches that a model's reference statistics were computed from.</summary>
    public static BnDataLoader DataFor(string model) => model.Split('.')[0] switch
    {
        "digits" => Digits(),
        "two-inputs" => BnDataLoader.FromFiles(
            [Fixtures.Path("two-inputs.batches.npz")], new() { AsBatches = true, Keys = ["left", "right"] }),
        var name => BnDataLoader.FromFiles([Fixtures.Path($"{name}.batches.npz")], new() { AsBatches = true }),
    };

    public static Dictionary<string, BnStat> Update(
        string path, IBatchSource data, BnUpdateOptions? options = null, Func<BnModule, bool>? where = null) =>
        BnUpdater.Update(BnReader.ReadFile(path).Layers.Where(where ?? (_ => true)).ToArray(), data, options ?? new())
            .ToDictionary(stat => stat.Name);

    public static BnUpdateOptions With(Estimator estimator) => new() { Recalibration = new() { Estimators = [estimator] } };

    public static BnUpdateOptions With(int iterations) => new() { Recalibration = new() { Iterations = iterations } };
}
