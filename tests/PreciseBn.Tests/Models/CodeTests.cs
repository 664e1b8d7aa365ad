using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Models whose code does something unusual around BatchNorm, against the same computed with tensors.</summary>
public sealed class CodeTests
{
    [Theory]
    [InlineData("strdef.pt", 1)]
    [InlineData("kw.pt", 2)]
    [InlineData("one.pt", 1)]
    [InlineData("one_cuda.pt", 1)]
    [InlineData("cuda.pt", 1)]
    [InlineData("castbn.pt", 1)]
    [InlineData("clonebn.pt", 1)]
    [InlineData("firsttype16bn.pt", 1)]
    [InlineData("deep3000.pt", 1)]
    [InlineData("inplace.pt", 2)]
    [InlineData("hook.pt", 10)]
    public void The_first_layer_sees_the_data(string model, double factor)
    {
        using var data = BnDataLoader.FromFiles([Case("far_ok.npz")], new() { AsBatches = true });
        var stat = Runs.Measure(Runs.Read(Case(model)).Layers, data)[0];

        var (mean, variance) = Exact(data, factor);

        AssertClose(mean, stat.Mean, variance, model == "castbn.pt" ? 1e-3 : 1e-5);
        if (model != "castbn.pt")
            AssertClose(variance, stat.Variance, variance, 1e-5);
    }

    [Fact]
    public void Layers_with_the_same_memory_are_one_under_two_names()
    {
        var layer = Assert.Single(Runs.Read(Case("share.pt")).Layers);

        Assert.Equal("a", layer.Name);
        Assert.Equal(["b"], layer.Aliases);
    }

    [Fact]
    public void A_module_under_two_names_is_one_layer_in_every_form()
    {
        foreach (var form in new[] { "script_eval-2.6.pt", "trace_eval-2.6.pt", "export-2.6.pt2", "export_decomp-2.6.pt2" })
        {
            var layers = Runs.Read(Fixtures.Path($"cases/alias/{form}")).Layers;

            Assert.Equal(["bn1", "bn2"], layers.Select(layer => layer.Name));
            Assert.Equal(["layer0.1"], layers[0].Aliases);
        }
    }

    [Fact]
    public void A_constant_that_is_weight_and_variance_at_once_is_no_layers()
    {
        using var model = BnModel.Open(Case("equal-constants.pt"));

        Assert.Empty(model.Layers);
        Assert.Contains("constants that the code uses elsewhere too", Assert.Single(model.UnaccountedCalls));
    }

    [Fact]
    public void Whoever_else_reads_statistics_sees_those_of_the_file()
    {
        using var data = BnDataLoader.FromFiles([Case("far_ok.npz")], new() { AsBatches = true });

        var stats = Runs.Measure(Runs.Read(Case("readbuf.pt")).Layers, data);

        // The second layer gets y (1 + mean of the variance) + sum of the mean, with 4 and 2 in the file, and y normalised.
        Assert.All(stats[1].Mean, mean => Assert.Equal(6, mean, 1e-3));
        Assert.All(stats[1].Variance, variance => Assert.Equal(25, variance, 0.01));
    }

    [Fact]
    public void Many_uses_of_a_layer_in_a_pass_are_counted()
    {
        const int Uses = 1100;
        var layers = Runs.Read(Case("loop.pt")).Layers;
        using var input = randn(4, Uses, 3);

        var stat = Runs.Measure(layers, new EnumerableBatchSource([input], []), new() { AllowReuse = true })[0];

        using var mean = input.to(ScalarType.Float64).mean([0, 1]);
        Assert.Equal(4 * Uses, stat.Count);
        AssertClose(mean.data<double>().ToArray(), stat.Mean, [1, 1, 1], 1e-5);
    }

    [Fact]
    public void A_first_batch_that_is_left_out_tells_nothing_of_means()
    {
        using var data = BnDataLoader.FromFiles([Case("far_nan.npz")], new() { AsBatches = true });

        var stat = Runs.Measure(Runs.Read(Case("one.pt")).Layers, data, new() { SkipNonFinite = true })[0];

        Assert.Equal(9, stat.Batches);
    }

    [Fact]
    public void A_users_tensors_are_as_they_were()
    {
        using var input = randn(16, 3);
        using var before = input.clone();

        Runs.Measure(Runs.Read(Case("inplace.pt")).Layers, new EnumerableBatchSource([input], []), new() { Exact = true });

        Assert.True(allclose(before, input, rtol: 0, atol: 0));
    }

    [Theory]
    [InlineData("e_grad-2.6.pt2")]
    [InlineData("e_gradnobn-2.6.pt2")]
    [InlineData("e_amp-2.6.pt2")]
    public void Blocks_of_a_program_are_run_in_their_places(string model)
    {
        using var data = BnDataLoader.FromFiles([Case("d3.npz")], new() { AsBatches = true });

        Assert.All(Runs.Measure(Runs.Read(Case(model)).Layers, data), stat => Assert.Equal(12, stat.Batches));
    }

    [Fact]
    public void Tuples_of_tuples_take_as_many_tensors_as_they_have_and_a_list_the_rest()
    {
        using var scope = NewDisposeScope();
        using var data = BnDataLoader.FromFiles([Case("tuples.npz")], new() { AsBatches = true, Keys = ["a", "b", "c", "d", "e", "f", "g"] });

        var stats = Runs.Measure(Runs.Read(Case("tuples.pt")).Layers, data);

        var inputs = data.Read(default).Select(batch => batch.Inputs.Select(input => input.to(ScalarType.Float64)).ToArray()).ToArray();
        Tensor[] expected =
        [
            cat(inputs.Select(input => input[0]).ToArray()),
            cat(inputs.Select(input => input[1] + 10 * input[2] + 100 * input[3]).ToArray()),
            cat(inputs.Select(input => input[4] + 10 * input[5] + 100 * input[6]).ToArray()),
        ];
        foreach (var (stat, values) in stats.Zip(expected))
            AssertClose(values.mean([0]).data<double>().ToArray(), stat.Mean, stat.Variance, 1e-5);
    }

    [Fact]
    public void Arrays_are_not_divided_between_a_dictionary_and_a_list()
    {
        using var data = BnDataLoader.FromFiles([Case("tuples.npz")], new() { AsBatches = true, Keys = ["a", "b"] });

        var error = Assert.Throws<PreciseBnException>(() => Runs.Measure(Runs.Read(Case("collections.pt")).Layers, data));

        Assert.Equal("SeveralCollections", error.ErrorId);
        Assert.Contains("named: Dict[str, Tensor] and more: List[Tensor]", error.Problem);
    }

    private static string Case(string name) => Fixtures.Path($"cases/edges/{name}");

    private static (double[] Mean, double[] Variance) Exact(IBatchSource data, double factor)
    {
        using var scope = NewDisposeScope();
        var values = cat(data.Read(default).Select(batch => batch.Inputs[0].to(ScalarType.Float64)).ToArray()) * factor;
        return (values.mean([0]).data<double>().ToArray(), values.var(0, unbiased: false).data<double>().ToArray());
    }

    private static void AssertClose(double[] expected, double[] actual, double[] variance, double tolerance)
    {
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], tolerance * Math.Max(Math.Abs(expected[i]), Math.Sqrt(variance[i])));
    }
}
