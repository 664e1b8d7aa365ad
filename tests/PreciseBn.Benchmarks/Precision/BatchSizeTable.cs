using PreciseBn.Data;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Precision;

/// <summary>
/// What the size of the calibration batches does to the accuracy of the digits network: with the statistics it was saved
/// with, recomputed as usual, and exactly. All calibration images are used whatever the size of the batches.
/// </summary>
internal static class BatchSizeTable
{
    private const string Model = "digits.scripted.pt";

    private static readonly int[] Sizes = [1, 2, 4, 8, 32];

    public static MarkdownTable Make()
    {
        var table = new MarkdownTable("batch size", "stale", "usual", "-Exact");
        var stale = Accuracy(Fixtures.Path(Model));
        foreach (var size in Sizes)
            table.Add($"{size}", stale, AccuracyAfter(size, isExact: false), AccuracyAfter(size, isExact: true));
        return table;
    }

    private static string AccuracyAfter(int batchSize, bool isExact)
    {
        using var folder = new TemporaryFolder();
        using var images = Runs.Digits(batchSize);
        var model = folder.Copy(Model);
        Runs.Update(model, images, new()
        {
            Exact = isExact,
            Iterations = (int)images.BatchCount,
        });
        return Accuracy(model);
    }

    private static string Accuracy(string path)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        using var model = jit.load<Tensor, Tensor>(path);
        var answers = model.call(All("images", [0.1307], [0.3081])).argmax(1);
        return $"{100 * answers.eq(All("labels", [], [])).to(ScalarType.Float64).mean().item<double>():0.0} %";
    }

    private static Tensor All(string key, double[] mean, double[] deviation)
    {
        using var loader = BnDataLoader.FromFiles(
            [Fixtures.Path("digits.test.npz")], new() { Order = DataOrder.Sequential, Keys = [key], BatchSize = 1000, Mean = mean, StandardDeviation = deviation });
        using var batch = loader.Read().Single();
        return batch.Inputs[0].clone();
    }
}
