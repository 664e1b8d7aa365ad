using System.Text.Json;

namespace PreciseBn.Tests.Support;

/// <summary>What a small network of float64 does; both libtorch and plain arithmetic run it.</summary>
/// <param name="Steps">Its steps, in their order.</param>
/// <param name="Layers">Its BatchNorm layers, called bn0, bn1 and so on, with means of 0 and variances of 1.</param>
internal sealed record NetworkPlan(IReadOnlyList<NetworkStep> Steps, IReadOnlyList<NetworkLayer> Layers)
{
    /// <summary>How many numbers an item has.</summary>
    public const int Inputs = 3;

    /// <summary>The networks of tests/fixtures/networks, by the names of their files.</summary>
    public static IReadOnlyDictionary<string, NetworkPlan> ReadSaved()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("networks/networks.json")));
        return json.RootElement.EnumerateObject().ToDictionary(network => network.Name, network => new NetworkPlan(
            network.Value.GetProperty("steps").EnumerateArray().Select(ReadStep).ToArray(),
            network.Value.GetProperty("layers").EnumerateArray().Select(layer => new NetworkLayer(
                Numbers(layer.GetProperty("weight")), Numbers(layer.GetProperty("bias")), layer.GetProperty("eps").GetDouble())).ToArray()));
    }

    public static NetworkPlan Draw(Random random)
    {
        double[] Values(int count, double from, double to) => Enumerable.Range(0, count).Select(_ => from + (random.NextDouble() * (to - from))).ToArray();
        var (steps, layers, width) = (new List<NetworkStep>(), new List<NetworkLayer>(), Inputs);
        if (random.Next(4) == 0)
            steps.Add(new NetworkStep(NetworkStepKind.DoubleInPlace));
        for (var block = random.Next(1, 5); block > 0; block--)
        {
            var outputs = random.Next(1, 6);
            var weights = new double[outputs, width];
            for (var i = 0; i < weights.Length; i++)
                weights[i / width, i % width] = (random.NextDouble() * 2) - 1;
            steps.Add(new NetworkStep(NetworkStepKind.Linear, Weights: weights));
            width = outputs;
            layers.Add(new NetworkLayer(Values(width, 0.5, 1.5), Values(width, -1, 1), random.Next(3) == 0 ? 1e-3 : 1e-5));
            var kind = random.Next(6) switch { 0 => NetworkStepKind.BatchNormIfPositive, 1 => NetworkStepKind.BatchNormOfSome, _ => NetworkStepKind.BatchNorm };
            steps.Add(new NetworkStep(kind, layers.Count - 1));
            if (random.Next(2) == 0)
                steps.Add(new NetworkStep(NetworkStepKind.Relu));
            if (random.Next(6) == 0)
                steps.Add(new NetworkStep(NetworkStepKind.BatchNorm, layers.Count - 1));
        }
        return new NetworkPlan(steps, layers);
    }

    private static NetworkStep ReadStep(JsonElement step) => new(
        Enum.Parse<NetworkStepKind>(step.GetProperty("kind").GetString()!),
        step.TryGetProperty("layer", out var layer) ? layer.GetInt32() : 0,
        step.TryGetProperty("weights", out var weights) ? ReadMatrix(weights.EnumerateArray().Select(Numbers).ToArray()) : null);

    private static double[,] ReadMatrix(double[][] rows)
    {
        var matrix = new double[rows.Length, rows[0].Length];
        for (var i = 0; i < matrix.Length; i++)
            matrix[i / rows[0].Length, i % rows[0].Length] = rows[i / rows[0].Length][i % rows[0].Length];
        return matrix;
    }

    private static double[] Numbers(JsonElement numbers) => numbers.EnumerateArray().Select(number => number.GetDouble()).ToArray();
}

/// <summary>A BatchNorm of such a network.</summary>
internal sealed record NetworkLayer(double[] Weight, double[] Bias, double Eps);

/// <summary>What a small network does, one step after the other.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Layer">Index of the BatchNorm that is run.</param>
/// <param name="Weights">The matrix of a linear step, [outputs, inputs].</param>
internal sealed record NetworkStep(NetworkStepKind Kind, int Layer = 0, double[,]? Weights = null);

internal enum NetworkStepKind
{
    Linear,
    BatchNorm,

    /// <summary>The same, for batches alone whose first value is above 0.</summary>
    BatchNormIfPositive,

    /// <summary>The same, for the rows alone whose first value is above 0.</summary>
    BatchNormOfSome,
    Relu,

    /// <summary>Doubles its input where it lies, which must not be seen outside.</summary>
    DoubleInPlace,
}
