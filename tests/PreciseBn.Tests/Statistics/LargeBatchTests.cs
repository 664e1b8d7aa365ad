using PreciseBn.Data;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Values are counted exactly, also where there are more in a batch than fit into one counter of the observation.</summary>
public class LargeBatchTests
{
    private const long Items = (1 << 22) + 1_512_345;

    [Theory]
    [InlineData("bn1d.scripted.pt", 1)]
    [InlineData("twice.scripted.pt", 2)]
    public void Every_value_of_a_large_batch_counts(string model, int uses)
    {
        using var scope = NewDisposeScope();
        var data = Enumerable.Repeat(randn(Items, 4), 2);
        var options = new MeasureOptions { AllowReuse = uses > 1 };

        var stat = Runs.Measure(Runs.Read(Fixtures.Path(model)).Layers, new EnumerableBatchSource(data, []), options).Single();

        Assert.Equal(2 * uses * Items, stat.Count);
        Assert.Equal(2, stat.Batches);
    }
}
