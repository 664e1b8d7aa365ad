using PreciseBn.Batches;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>How numbers are scaled is told of those that have a scale.</summary>
public sealed class InputScaleTests
{
    [Theory]
    [InlineData(0, 1, true)]
    [InlineData(1.4, 0.5, true)]
    [InlineData(0.13, 0.31, false)]
    [InlineData(0.45, 0.28, false)]
    [InlineData(-1.6, 1, false)]
    [InlineData(120, 70, false)]
    public void Numbers_near_mean_0_and_deviation_1_may_have_been_normalised(double mean, double deviation, bool isNormalized)
    {
        using var numbers = randn(64, 3, 8, 8, generator: new Generator(1)).mul(deviation).add(mean);

        var scale = Of(numbers)!;

        Assert.Equal(mean, scale.Mean, 0.05 * deviation);
        Assert.Equal(deviation, scale.Deviation, 0.05 * deviation);
        Assert.Equal(isNormalized, scale.IsNormalized);
    }

    [Fact]
    public void What_has_no_scale_is_not_judged()
    {
        Assert.Null(Of(tensor(new[] { 1f, float.NaN, 2f })));
        Assert.Null(Of(tensor(new[] { 1f, float.PositiveInfinity, 2f })));
        Assert.Null(Of(tensor(new[] { 1f })));
        Assert.Null(Of(zeros(0, 3)));
        Assert.Null(Of(tensor(new[] { 1L, 2L })));
        Assert.Null(InputScale.Of(new Batch([], isOwned: true)));
    }

    private static InputScale? Of(Tensor numbers)
    {
        using var batch = new Batch([numbers], isOwned: false);
        return InputScale.Of(batch);
    }
}
