using PreciseBn.Batches;
using PreciseBn.Native;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>TF32 is off while a model is measured. What cards make of it was not tried; the switches are those of libtorch in every build.</summary>
[Collection(AloneCollection.Name)]
public sealed class FullPrecisionTests : IDisposable
{
    private static readonly string Model = Fixtures.Path("digits.scripted.pt");

    private readonly bool _products = backends.cuda.matmul.allow_tf32;
    private readonly bool _convolutions = backends.cudnn.allow_tf32;

    public FullPrecisionTests() => Allow(true, true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_is_off_while_a_model_is_measured_unless_it_is_allowed(bool isAllowed)
    {
        Assert.All(SeenWhileMeasuring(new() { Iterations = 2, AllowTf32 = isAllowed }), seen => Assert.Equal((isAllowed, isAllowed), seen));

        Assert.Equal((true, true), Allowed());
    }

    [Fact]
    public void Each_switch_is_given_back_as_it_was()
    {
        Allow(false, true);

        Assert.All(SeenWhileMeasuring(new() { Iterations = 2 }), seen => Assert.Equal((false, false), seen));

        Assert.Equal((false, true), Allowed());
    }

    [Fact]
    public void Failures_give_it_back()
    {
        var layers = Runs.Read(Model).Layers;

        Assert.Throws<PreciseBnException>(() => Runs.Measure(layers, BatchSource.Of([zeros(1)]), new() { Device = "cuda:99" }));
        Assert.Equal((true, true), Allowed());

        Assert.Throws<PreciseBnException>(() => Runs.Measure(layers, BatchSource.Of([zeros(1)])));
        Assert.Equal((true, true), Allowed());
    }

    [Fact]
    public void Of_several_measurements_at_once_the_last_gives_it_back()
    {
        using var first = FullPrecision.Hold();
        using var second = FullPrecision.Hold();

        first.Dispose();
        first.Dispose();
        Assert.Equal((false, false), Allowed());

        second.Dispose();
        Assert.Equal((true, true), Allowed());
    }

    public void Dispose() => Allow(_products, _convolutions);

    private static List<(bool Products, bool Convolutions)> SeenWhileMeasuring(MeasureOptions options)
    {
        var seen = new List<(bool Products, bool Convolutions)>();
        using var digits = Runs.Digits();
        Runs.Measure(Runs.Read(Model).Layers, digits, options, new Recorder(_ => seen.Add(Allowed())));
        Assert.NotEmpty(seen);
        return seen;
    }

    private static (bool Products, bool Convolutions) Allowed() => (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32);

    private static void Allow(bool products, bool convolutions) =>
        (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32) = (products, convolutions);
}
