using System.Text.Json;

namespace PreciseBn.Tests.Support;

/// <summary>Reference statistics, computed with PyTorch and fvcore.</summary>
internal sealed class Expected : IDisposable
{
    private readonly JsonDocument _json;

    private Expected(JsonDocument json) => _json = json;

    public static Expected Read(string name) => new(JsonDocument.Parse(File.ReadAllText(Fixtures.Path(name))));

    public string[] ExactLayers => _json.RootElement.GetProperty("exact_float64").EnumerateObject().Select(item => item.Name).ToArray();

    public int[] BatchSizes => _json.RootElement.GetProperty("batch_sizes").EnumerateArray().Select(size => size.GetInt32()).ToArray();

    public (double[] Mean, double[] Variance) Exact(string layer) =>
        Statistics(_json.RootElement.GetProperty("exact_float64").GetProperty(layer));

    public long ExactCount(string layer) =>
        _json.RootElement.GetProperty("exact_float64").GetProperty(layer).GetProperty("count").GetInt64();

    public (double[] Mean, double[] Variance) FvCore(Estimator estimator, string layer) => Statistics(
        _json.RootElement.GetProperty("fvcore")
            .GetProperty(estimator == Estimator.PopulationVariance ? "population_variance" : "mean_of_batch_variance")
            .GetProperty(layer));

    public void Dispose() => _json.Dispose();

    private static (double[] Mean, double[] Variance) Statistics(JsonElement element) =>
        (Numbers(element.GetProperty("mean")), Numbers(element.GetProperty("var")));

    private static double[] Numbers(JsonElement element) => element.EnumerateArray().Select(number => number.GetDouble()).ToArray();
}
