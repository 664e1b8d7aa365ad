using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>What a user measures of models is averaged, with its error, over whatever the numbers are of.</summary>
public sealed class MetricTests
{
    [Fact]
    public void A_metric_is_averaged_over_samples_or_batches()
    {
        var expected = Judge(new(), Runs.LabelledDigits());
        IReadOnlyList<double> OfItems(Tensor output, Tensor? labels) => output.argmax(1).eq(labels!).to(ScalarType.Float64).data<double>().ToArray();
        IReadOnlyList<double> OfBatch(Tensor output, Tensor? labels) => [OfItems(output, labels).Average()];

        var ofItems = MeasureWith(OfItems);
        var ofBatches = MeasureWith(OfBatch);

        Assert.Equal(expected.Top1!.Value, ofItems.Metric!.Value, 1e-12);
        // The deviation of samples has one degree of freedom less than the binomial.
        Assert.Equal(expected.Top1Error!.Value * Math.Sqrt(1000.0 / 999), ofItems.MetricError!.Value, 1e-12);
        Assert.Equal(expected.Top1.Value, ofBatches.Metric!.Value, 1e-12);
        Assert.Equal((1000, null, null, null), (ofBatches.Samples, ofBatches.Top1, ofBatches.Loss, ofBatches.Classes));
    }

    [Fact]
    public void Batches_weigh_as_much_as_their_samples()
    {
        var (sizes, numbers) = (new[] { 3, 1, 4 }, new Queue<double>([1e6 + 1, 1e6 + 5, 1e6 + 2]));
        var batches = sizes.Select(size => (object?)new[] { zeros(size, 1, 28, 28) });

        var result = MeasureWith((_, _) => [numbers.Dequeue()], new EnumerableBatchSource(batches, []));

        Assert.Equal(1e6 + 2, result.Metric!.Value, 1e-9);
        // The root of 3/2 times the squares of 3 (1 - 2), 1 (5 - 2) and 4 (2 - 2), over 8.
        Assert.Equal(Math.Sqrt(1.5 * (9 + 9)) / 8, result.MetricError!.Value, 1e-9);
        Assert.Equal(8, result.Samples);
    }

    [Theory]
    [InlineData("WrongMetricCount", "gives 2 numbers", new[] { 1.0, 2 })]
    [InlineData("WrongMetricCount", "gives 0 numbers", new double[0])]
    [InlineData("MetricNotFinite", "is NaN", new[] { 1.0, double.NaN, 2 })]
    public void What_has_no_average_is_refused(string id, string message, double[] numbers)
    {
        var error = Assert.Throws<PreciseBnException>(() => MeasureWith((_, _) => numbers, new EnumerableBatchSource([zeros(3, 1, 28, 28)], [])));

        Assert.Equal(id, error.ErrorId);
        Assert.Contains(message, error.Message);
    }

    // The last of 32 batches has 8 images.
    [Fact]
    public void Copies_that_fill_a_batch_up_do_not_count()
    {
        var sizes = new List<long>();

        MeasureWith((output, labels) =>
        {
            sizes.Add(output.size(0));
            return [0];
        }, Runs.LabelledDigits(null), "digits.exported-static32-2.14.pt2");

        Assert.Equal([.. Enumerable.Repeat(32L, 31), 8], sizes);
    }

    private static BnAccuracy MeasureWith(Func<Tensor, Tensor?, IReadOnlyList<double>> metric, IBatchSource? data = null, string model = "digits.scripted.pt") =>
        Judge(new() { Metric = metric }, data ?? Runs.LabelledDigits(), model);

    private static BnAccuracy Judge(AccuracyOptions options, IBatchSource data, string model = "digits.scripted.pt")
    {
        using var opened = BnModel.Open(Fixtures.Path(model));
        return BnEvaluator.Measure([opened], data, options).Single();
    }
}
