using System.Text.Json;
using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Models;
using PreciseBn.Models.Live;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Without labels it is measured what the statistics of a model change in its outputs, as PyTorch has it.</summary>
public sealed class AgreementTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("digits.scripted.pt")]
    [InlineData("digits.scripted-training.pt")]
    [InlineData("digits.traced.pt")]
    [InlineData("digits.scripted-1.13.pt")]
    [InlineData("digits.traced-1.13.pt")]
    [InlineData("digits.exported-2.6.pt2")]
    [InlineData("digits.exported-2.14.pt2")]
    [InlineData("digits.exported-decomposed-2.6.pt2")]
    [InlineData("digits.exported-decomposed-2.14.pt2")]
    public void Agrees_with_PyTorch_before_and_after(string model)
    {
        using var expected = Expectation();
        using var statistics = Expected.Read("digits.expected.json");
        var before = Fixtures.Path(model);
        var after = _folder.Copy(model);
        Runs.Apply(after, Runs.Read(after).Layers.Select(layer =>
            layer with { Mean = statistics.Exact(layer.Name).Mean, Variance = statistics.Exact(layer.Name).Variance, Path = null }).ToArray());

        var results = Measure(Unlabelled(), before, after);

        AssertAgrees(expected.RootElement.GetProperty("stored"), results[0]);
        AssertAgrees(expected.RootElement.GetProperty("precise"), results[1]);
        var (stored, precise) = (Changed(expected.RootElement.GetProperty("stored")), Changed(expected.RootElement.GetProperty("precise")));
        Assert.Equal((stored.Except(precise).Count(), precise.Except(stored).Count()), (results[1].Gained, results[1].Lost));
        Assert.True(results[1].PValue < 1e-6);
        Assert.Null(results[0].PValue);
    }

    [Theory]
    [InlineData("digits.scripted.pt")]
    [InlineData("digits.exported-2.14.pt2")]
    public void Outputs_with_the_statistics_of_the_batch_are_those_of_PyTorch(string model)
    {
        using var expected = Expectation();
        using var saved = new SavedModel(Fixtures.Path(model));
        using var running = saved.LoadToRunByBatch(new AgreementOptions(), CPU);
        using var batch = Unlabelled().Read().First();
        using var gradients = no_grad();

        using var output = running.Compute(batch, 0);

        var logits = expected.RootElement.GetProperty("logits").EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(number => number.GetSingle());
        Assert.All(logits.Zip(output.data<float>()), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Theory]
    [InlineData("cases/frozen/freeze-2.6.pt")]
    [InlineData("cases/frozen/freeze-trace-2.6.pt")]
    [InlineData("cases/edges/readbuf.pt")]
    public void Constants_and_readers_of_statistics_are_as_in_PyTorch(string model)
    {
        using var expected = Expectation();
        var truth = expected.RootElement.GetProperty("others").GetProperty(model);
        IBatchSource data = model.Contains("frozen", StringComparison.Ordinal)
            ? BnDataLoader.FromFiles([Fixtures.Path("cases/frozen/batches.npz")], new() { AsBatches = true })
            : new EnumerableBatchSource([arange(24, ScalarType.Float64).sin().reshape(8, 3).to(ScalarType.Float32)], []);
        var before = File.ReadAllBytes(Fixtures.Path(model));

        var result = Measure(data, Fixtures.Path(model)).Single();

        Assert.Equal(truth.GetProperty("distance").GetDouble(), result.Distance, 1e-5);
        Assert.Equal(truth.GetProperty("distance_error").GetDouble(), result.DistanceError!.Value, 1e-5);
        Assert.Equal(before, File.ReadAllBytes(Fixtures.Path(model)));
    }

    [Theory]
    [InlineData("digits.exported-static32-2.6.pt2")]
    [InlineData("digits.exported-static32-2.14.pt2")]
    public void A_small_batch_of_a_program_for_one_size_is_left_out(string model)
    {
        using var expected = Expectation();

        var result = Measure(Unlabelled(null), Fixtures.Path(model)).Single();

        Assert.Equal((992, 31, 8), (result.Samples, result.Batches, result.ItemsLeftOut));
        Assert.Equal(1 - (Changed(expected.RootElement.GetProperty("stored")).Count(index => index < 992) / 992.0), result.Agreement!.Value, 1e-12);
    }

    // y = bn(x) + bn(x + 1): each call by its own values.
    [Fact]
    public void Calls_of_one_layer_are_normalised_each_by_itself()
    {
        using var input = randn(6, 4, ScalarType.Float32, CPU) + 5;
        using var exact = input.to(ScalarType.Float64);
        using var normalised = (exact - exact.mean([0], true)) / (exact.var([0], unbiased: false, keepdim: true) + 1e-5).sqrt();
        using var saved = new SavedModel(Fixtures.Path("twice.scripted.pt"));
        using var running = saved.LoadToRunByBatch(new AgreementOptions(), CPU);
        using var batch = new Batch([input], isOwned: false);
        using var gradients = no_grad();

        using var output = running.Compute(batch, 0);

        Assert.True(allclose(output.to(ScalarType.Float64), normalised * 2, rtol: 0, atol: 1e-5));
    }

    [Fact]
    public void A_model_in_memory_is_in_evaluation_but_for_its_layers_and_then_as_it_was()
    {
        using var network = nn.Sequential(("bn", nn.BatchNorm1d(4)), ("drop", nn.Dropout(0.5)));
        network.train();
        network.get_buffer("bn.running_mean")!.copy_(tensor(new[] { 1f, 2f, 3f, 4f }));
        var before = network.state_dict().ToDictionary(item => item.Key, item => item.Value.clone());
        using var input = randn(32, 4) * 3;
        using var exact = input.to(ScalarType.Float64);
        using var byBatch = (exact - exact.mean([0], true)) / (exact.var([0], unbiased: false, keepdim: true) + 1e-5).sqrt();
        using var stored = (exact - tensor(new[] { 1.0, 2, 3, 4 })) / Math.Sqrt(1 + 1e-5);
        using var model = BnModel.Of(network);

        var result = BnEvaluator.MeasureAgreement([model], new EnumerableBatchSource([input, input], [])).Single();

        Assert.Equal(((stored - byBatch).square().mean() / byBatch.square().mean()).sqrt().item<double>(), result.Distance, 1e-5);
        Assert.Equal((64, 2, 4), (result.Samples, result.Batches, result.Classes));
        Assert.All(network.modules().Prepend(network), module => Assert.True(module.training));
        Assert.All(network.state_dict(), item => Assert.True(allclose(item.Value, before[item.Key], rtol: 0, atol: 0)));
    }

    [Fact]
    public void Between_the_batches_a_model_in_memory_is_what_it_was()
    {
        using var network = nn.Sequential(("bn", nn.BatchNorm1d(4)));
        using var source = new LiveModel(network);
        using var running = source.LoadToRunByBatch(new AgreementOptions(), CPU);
        using var batch = new Batch([randn(8, 4)], isOwned: true);
        using var gradients = no_grad();

        running.Compute(batch, 0).Dispose();

        Assert.Equal(0, network.get_buffer("bn.num_batches_tracked")!.item<long>());
    }

    [Fact]
    public void A_model_that_changes_its_input_gets_the_same_twice()
    {
        using var network = new Exponential();
        using var input = randn(16, 1);
        using var changed = input.to(ScalarType.Float64).exp();
        using var byBatch = (changed - changed.mean([0], true)) / (changed.var([0], unbiased: false, keepdim: true) + 1e-5).sqrt();
        using var stored = changed / Math.Sqrt(1 + 1e-5);
        using var model = BnModel.Of(network);

        var result = BnEvaluator.MeasureAgreement([model], new EnumerableBatchSource([input], [])).Single();

        Assert.Equal(((stored - byBatch).square().mean() / byBatch.square().mean()).sqrt().item<double>(), result.Distance, 1e-4);
    }

    [Theory]
    [InlineData("torch.softmax((head).forward(x1, ), 1)")]
    [InlineData("torch.to(torch.softmax((head).forward(x1, ), 1), 15)")]
    public void Probabilities_diverge_as_their_logits_do(string probabilities)
    {
        var path = _folder.File("probable.pt");
        ArchiveEditor.RewriteCode(Fixtures.Path("digits.scripted.pt"), path, "return (head).forward(x1, )", $"return {probabilities}");

        var results = Measure(Unlabelled(take: 96), Fixtures.Path("digits.scripted.pt"), path);

        Assert.Equal(results[0].Divergence!.Value, results[1].Divergence!.Value, probabilities.StartsWith("torch.to", StringComparison.Ordinal) ? 1e-2 : 1e-5);
        Assert.Equal((false, true), (results[0].AreProbabilities, results[1].AreProbabilities));
    }

    [Fact]
    public void What_is_no_classes_has_a_distance_alone()
    {
        var path = Fixtures.Path("bn2d.scripted.pt");

        var result = Measure(new EnumerableBatchSource([randn(2, 4, 5, 5)], []), path).Single();

        Assert.Equal((null, null, null), (result.Classes, result.Agreement, result.Divergence));
        Assert.True(result.Distance > 0);
    }

    [Fact]
    public void A_batch_too_small_for_a_layer_is_refused_by_name_or_left_out_if_it_is_the_last()
    {
        var path = Fixtures.Path("digits.scripted.pt");
        IBatchSource Of(params int[] sizes) => new EnumerableBatchSource(sizes.Select(size => (object)randn(size, 1, 28, 28)), []);

        AssertFails("SingleValue", "The layer 'bn'", () => Measure(Of(1), path));
        AssertFails("SingleValue", "batch 1", () => Measure(Of(4, 1, 4), path));
        var result = Measure(Of(4, 4, 1), path).Single();
        Assert.Equal((8, 2, 1), (result.Samples, result.Batches, result.ItemsLeftOut));
        using var network = nn.Sequential(("bn", nn.BatchNorm1d(4)));
        using var model = BnModel.Of(network);
        AssertFails("SingleValue", "The layer 'bn'", () => BnEvaluator.MeasureAgreement([model], new EnumerableBatchSource([randn(1, 4)], [])));
    }

    [Fact]
    public void Items_that_are_left_out_are_not_compared()
    {
        var precise = _folder.Copy("digits.scripted.pt");
        using (var digits = Runs.Digits(take: 160))
            Runs.Update(precise, digits);
        using var some = Unlabelled(batchSize: 64, take: 128);
        using var oneMore = Unlabelled(batchSize: 64, take: 129);

        var (expected, result) = (Measure(some, Fixtures.Path("digits.scripted.pt"), precise)[1], Measure(oneMore, Fixtures.Path("digits.scripted.pt"), precise)[1]);

        Assert.Equal((128, 1), (result.Samples, result.ItemsLeftOut));
        Assert.Equal((expected.Gained, expected.Lost), (result.Gained, result.Lost));
        Assert.NotEqual((0, 0), (result.Gained, result.Lost));
    }

    [Fact]
    public void NaN_is_named_with_its_layer_and_batch()
    {
        var data = new EnumerableBatchSource([randn(2, 1, 28, 28), full([2, 1, 28, 28], double.NaN, ScalarType.Float32)], []);
        using var network = nn.Sequential(("bn", nn.BatchNorm1d(4)));
        using var model = BnModel.Of(network);

        AssertFails("NotFinite", "'stem.bn'", () => Measure(data, Fixtures.Path("digits.scripted.pt")));
        AssertFails("NotFinite", "in batch 0", () => BnEvaluator.MeasureAgreement([model], new EnumerableBatchSource([full([2, 4], double.NaN, ScalarType.Float32)], [])));
        Assert.True(network.training);
    }

    [Fact]
    public void What_cannot_be_compared_is_refused()
    {
        var whole = _folder.File("whole.pt");
        ArchiveEditor.RewriteCode(Fixtures.Path("digits.scripted.pt"), whole, "return (head).forward(x1, )", "return torch.argmax((head).forward(x1, ), 1)");
        using var network = nn.Sequential(("fc", nn.Linear(4, 2)));
        using var model = BnModel.Of(network);
        IBatchSource Images() => new EnumerableBatchSource([randn(4, 1, 28, 28)], []);

        AssertFails("OutputsNotComparable", "no floating-point numbers", () => Measure(Images(), whole));
        AssertFails("NoBatchNorm", "no BatchNorm layer", () => BnEvaluator.MeasureAgreement([model], new EnumerableBatchSource([randn(4, 4)], [])));
        Assert.True(network.training);
        AssertFails("ModelInTraining", "training mode", () => Measure(Images(), Fixtures.Path("digits.traced-training.pt")));
        AssertFails("NoCodeToEvaluate", "without the code", () => Measure(Images(), Fixtures.Path("digits.checkpoint.pth")));
        AssertFails("NoData", "no samples", () => Measure(new EnumerableBatchSource([], []), Fixtures.Path("digits.scripted.pt")));
    }

    public void Dispose() => _folder.Dispose();

    private sealed class Exponential : nn.Module<Tensor, Tensor>
    {
        private readonly BatchNorm1d _bn = nn.BatchNorm1d(1);

        public Exponential()
            : base(nameof(Exponential)) => register_module("bn", _bn);

        public override Tensor forward(Tensor input) => _bn.call(input.exp_());
    }

    private static BnDataLoader Unlabelled(int? batchSize = 32, long? take = null) => BnDataLoader.FromFiles([Fixtures.Path("digits.test.npz")],
        new() { Keys = ["images"], Order = DataOrder.Sequential, BatchSize = batchSize, Take = take, Mean = [0.1307], StandardDeviation = [0.3081] });

    private static IReadOnlyList<BnAgreement> Measure(IBatchSource data, params string[] paths)
    {
        var models = paths.Select(BnModel.Open).ToArray();
        try
        {
            return BnEvaluator.MeasureAgreement(models, data);
        }
        finally
        {
            foreach (var model in models)
                model.Dispose();
        }
    }

    private static JsonDocument Expectation() => JsonDocument.Parse(File.ReadAllText(Fixtures.Path("digits.agreement.expected.json")));

    private static long[] Changed(JsonElement found) => found.GetProperty("changed").EnumerateArray().Select(index => index.GetInt64()).ToArray();

    private static void AssertAgrees(JsonElement expected, BnAgreement result)
    {
        var part = 1 - (Changed(expected).Length / 1000.0);
        Assert.Equal((1000, 32, 10), (result.Samples, result.Batches, result.Classes));
        Assert.Equal(part, result.Agreement!.Value, 1e-12);
        Assert.Equal(Math.Sqrt(part * (1 - part) / 1000), result.AgreementError!.Value, 1e-12);
        Assert.Equal(expected.GetProperty("distance").GetDouble(), result.Distance, 1e-5);
        Assert.Equal(expected.GetProperty("distance_error").GetDouble(), result.DistanceError!.Value, 1e-5);
        Assert.Equal(expected.GetProperty("divergence").GetDouble(), result.Divergence!.Value, 1e-5);
        Assert.Equal(expected.GetProperty("divergence_error").GetDouble(), result.DivergenceError!.Value, 1e-5);
        Assert.False(result.AreProbabilities);
    }

    private static void AssertFails(string id, string message, Action action)
    {
        var error = Assert.Throws<PreciseBnException>(action);
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(message, error.Message);
    }
}
