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
        new("resnet18", System.IO.Path.Combine(models, "resnet18.pt"), [16, 3, 128, 128], 40),
        new("resnet50", System.IO.Path.Combine(models, "resnet50.pt"), [16, 3, 128, 128], 40),
        new("mobilenet_v2", System.IO.Path.Combine(models, "mobilenet_v2.pt"), [16, 3, 128, 128], 40),
        new("mlp", System.IO.Path.Combine(models, "mlp.pt"), [32, 64], 1000),
        Digits,
    ];

    /// <summary>Shape of all batches together.</summary>
    public long[] BatchesShape => [DifferentBatches, .. Shape];

    /// <summary>Some batches, which are used again and again.</summary>
    public Tensor DrawBatches()
    {
        using var generator = new Generator(Seed);
        return randn(BatchesShape, generator: generator);
    }
}
