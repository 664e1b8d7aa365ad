using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Speed;

/// <summary>A model that is timed.</summary>
/// <param name="Name">Its name in models.py.</param>
/// <param name="Path">The saved model.</param>
/// <param name="Shape">Shape of a batch.</param>
/// <param name="Iterations">Batches of a run: enough to take some seconds.</param>
internal sealed record TimedModel(string Name, string Path, long[] Shape, int Iterations)
{
    private const int DifferentBatches = 4;
    private const int Seed = 1;

    public static TimedModel Digits { get; } = new("digits", Fixtures.Path("digits.scripted.pt"), [32, 1, 28, 28], 400);

    public static IReadOnlyList<TimedModel> All(string models) =>
    [
        Of(models, "resnet18", [16, 3, 128, 128], 40),
        Of(models, "resnet50", [16, 3, 128, 128], 40),
        Of(models, "mobilenet_v2", [16, 3, 128, 128], 40),
        Of(models, "mobilenet_v3_small", [8, 3, 64, 64], 400),
        Of(models, "densenet121", [16, 3, 128, 128], 40),
        Of(models, "efficientnet_b0", [16, 3, 128, 128], 40),
        Of(models, "unet", [8, 3, 128, 128], 40),
        Of(models, "r3d_18", [4, 3, 8, 112, 112], 40),
        Of(models, "resnet18", [16, 3, 224, 224], 20),
        Of(models, "resnet50", [16, 3, 224, 224], 20),
        Of(models, "mlp", [32, 64], 10000),
        Digits,
    ];

    private static TimedModel Of(string models, string name, long[] shape, int iterations) =>
        new(name, System.IO.Path.Combine(models, $"{name}.pt"), shape, iterations);

    /// <summary>Shape of all batches together.</summary>
    public long[] BatchesShape => [DifferentBatches, .. Shape];

    /// <summary>Some batches, which are used again and again.</summary>
    public Tensor DrawBatches()
    {
        using var generator = new Generator(Seed);
        return randn(BatchesShape, generator: generator);
    }
}
