using PreciseBn.Data;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>The statistics agree with exact float64 pooling and with fvcore, on the same inputs.</summary>
public sealed class ReferenceTests : IDisposable
{
    private const double MeanTolerance = 1e-5;
    private const double VarianceTolerance = 1e-5;
    private const double SmallestVariance = 1e-6;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string, string> ExactCases => new()
    {
        { "digits.scripted.pt", "digits.calibration.npz", "digits.expected.json" },
        { "digits.traced.pt", "digits.calibration.npz", "digits.expected.json" },
        { "digits.scripted-extra.pt", "digits.calibration.npz", "digits.expected.json" },
        { "kinds.scripted.pt", "kinds.batches.npz", "kinds.expected.json" },
        { "sometimes.scripted.pt", "sometimes.batches.npz", "sometimes.expected.json" },
        { "two-inputs.scripted.pt", "two-inputs.batches.npz", "two-inputs.expected.json" },
    };

    [Theory]
    [MemberData(nameof(ExactCases))]
    public void Population_statistics_agree_with_exact_float64(string model, string data, string reference)
    {
        using var expected = Expected.Read(reference);
        var stats = Update(model, data, Estimator.PopulationVariance);

        foreach (var layer in expected.ExactLayers)
        {
            var (mean, variance) = expected.Exact(layer);
            Assert.Equal(expected.ExactCount(layer), stats[layer].Count);
            AssertClose(layer, mean, variance, stats[layer]);
        }
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertClose(string layer, double[] mean, double[] variance, BnStat stat)
    {
        for (var channel = 0; channel < mean.Length; channel++)
        {
            if (variance[channel] <= SmallestVariance)
                continue;
            var shift = Math.Abs(stat.Mean[channel] - mean[channel]) / Math.Sqrt(variance[channel]);
            var error = Math.Abs(stat.Variance[channel] - variance[channel]) / variance[channel];
            Assert.True(shift <= MeanTolerance, $"{layer}[{channel}]: mean off by {shift} deviations");
            Assert.True(error <= VarianceTolerance, $"{layer}[{channel}]: variance off by {error}");
        }
    }

    private Dictionary<string, BnStat> Update(string model, string data, Estimator estimator)
    {
        var path = _folder.Copy(model);
        using var loader = Loader(data);
        var layers = BnReader.ReadFile(path).Layers;
        var options = new BnUpdateOptions { Recalibration = new() { Estimator = estimator } };
        return BnUpdater.Update(layers, loader, options).ToDictionary(stat => stat.Name);
    }

    private static BnDataLoader Loader(string data) => BnDataLoader.FromFiles([Fixtures.Path(data)], data switch
    {
        "two-inputs.batches.npz" => new() { AsBatches = true, Keys = ["left", "right"] },
        _ when data.Contains("batches", StringComparison.Ordinal) => new() { AsBatches = true },
        _ => new() { Keys = ["images"], BatchSize = 32, Mean = [0.1307], StandardDeviation = [0.3081] },
    });
}
