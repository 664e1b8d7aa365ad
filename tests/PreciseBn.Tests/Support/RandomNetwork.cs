using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Tests.Support;

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

/// <summary>A small network of float64, drawn by chance, that both TorchSharp and plain arithmetic run.</summary>
internal sealed class RandomNetwork : nn.Module<Tensor, Tensor>
{
    private readonly BatchNorm1d[] _layers;
    private readonly Tensor[] _weights;

    private RandomNetwork(IReadOnlyList<NetworkStep> steps, (double[] Weight, double[] Bias, double Eps)[] layers)
        : base(nameof(RandomNetwork))
    {
        Steps = steps;
        Layers = layers;
        _weights = steps.Select(step => step.Weights is { } weights ? tensor(weights) : empty(0)).ToArray();
        _layers = layers.Select(layer => nn.BatchNorm1d(layer.Weight.Length, eps: layer.Eps, dtype: ScalarType.Float64)).ToArray();
        for (var i = 0; i < _layers.Length; i++)
        {
            using var gradients = no_grad();
            _layers[i].weight!.copy_(tensor(layers[i].Weight));
            _layers[i].bias!.copy_(tensor(layers[i].Bias));
            register_module($"bn{i}", _layers[i]);
        }
        eval();
    }

    public IReadOnlyList<NetworkStep> Steps { get; }

    public (double[] Weight, double[] Bias, double Eps)[] Layers { get; }

    public static RandomNetwork Draw(Random random, int inputs)
    {
        double[] Values(int count, double from, double to) => Enumerable.Range(0, count).Select(_ => from + (random.NextDouble() * (to - from))).ToArray();
        var (steps, layers, width) = (new List<NetworkStep>(), new List<(double[], double[], double)>(), inputs);
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
            layers.Add((Values(width, 0.5, 1.5), Values(width, -1, 1), random.Next(3) == 0 ? 1e-3 : 1e-5));
            var kind = random.Next(6) switch { 0 => NetworkStepKind.BatchNormIfPositive, 1 => NetworkStepKind.BatchNormOfSome, _ => NetworkStepKind.BatchNorm };
            steps.Add(new NetworkStep(kind, layers.Count - 1));
            if (random.Next(2) == 0)
                steps.Add(new NetworkStep(NetworkStepKind.Relu));
            if (random.Next(6) == 0)
                steps.Add(new NetworkStep(NetworkStepKind.BatchNorm, layers.Count - 1));
        }
        return new RandomNetwork(steps, layers.ToArray());
    }

    public override Tensor forward(Tensor input)
    {
        var x = input;
        for (var i = 0; i < Steps.Count; i++)
        {
            x = Steps[i].Kind switch
            {
                NetworkStepKind.Linear => x.matmul(_weights[i].t()),
                NetworkStepKind.BatchNorm => _layers[Steps[i].Layer].call(x),
                NetworkStepKind.BatchNormIfPositive => x.numel() > 0 && x[0, 0].item<double>() > 0 ? _layers[Steps[i].Layer].call(x) : x,
                NetworkStepKind.BatchNormOfSome => OfSome(x, _layers[Steps[i].Layer]),
                NetworkStepKind.Relu => nn.functional.relu(x),
                NetworkStepKind.DoubleInPlace => x.add_(x),
                _ => throw new InvalidOperationException(),
            };
        }
        return x;
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var weights in _weights)
            weights.Dispose();
        base.Dispose(disposing);
    }

    // Its output is not used any further.
    private static Tensor OfSome(Tensor x, BatchNorm1d layer)
    {
        using var some = x[x.select(1, 0) > zeros(1, ScalarType.Float64)];
        using var output = layer.call(some);
        return x;
    }
}
