using System.Text.Json;
using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Evaluation;
using PreciseBn.Models;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Models are judged as PyTorch judges them, to the last sample, and by the same samples.</summary>
public sealed class AccuracyTests : IDisposable
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
    [InlineData("digits.exported-static32-2.6.pt2")]
    [InlineData("digits.exported-static32-2.14.pt2")]
    public void Agrees_with_PyTorch(string model)
    {
        using var expected = Expectation();
        var stored = expected.RootElement.GetProperty("stored");

        Assert.Equal(Indices(stored, "wrong"), Wrong(model));
        AssertAgrees(stored, Measure(Runs.LabelledDigits(), Fixtures.Path(model)).Single());
    }

    [Theory]
    [InlineData("digits.scripted.pt")]
    [InlineData("digits.exported-2.6.pt2")]
    [InlineData("digits.exported-static32-2.14.pt2")]
    public void Tells_what_new_statistics_have_changed(string model)
    {
        using var expected = Expectation();
        using var statistics = Expected.Read("digits.expected.json");
        var before = Fixtures.Path(model);
        var after = _folder.Copy(model);
        Runs.Apply(after, Runs.Read(after).Layers.Select(layer =>
            layer with { Mean = statistics.Exact(layer.Name).Mean, Variance = statistics.Exact(layer.Name).Variance, Path = null }).ToArray());

        var results = Measure(Runs.LabelledDigits(), before, after);

        AssertAgrees(expected.RootElement.GetProperty("stored"), results[0]);
        AssertAgrees(expected.RootElement.GetProperty("precise"), results[1]);
        var change = expected.RootElement.GetProperty("mcnemar");
        Assert.Equal((change.GetProperty("gained").GetInt64(), change.GetProperty("lost").GetInt64()), (results[1].Gained, results[1].Lost));
        Assert.Equal(1, results[1].PValue!.Value / change.GetProperty("p").GetDouble(), 1e-9);
        // Files of one name are told apart by their folders.
        Assert.Equal((before, null, after), (results[1].Reference, results[0].Reference, results[1].Name));
        Assert.Null(results[0].Gained);
    }

    [Fact]
    public void All_models_get_each_batch_of_data_that_come_once()
    {
        var batches = 0;
        IEnumerable<object?> Once()
        {
            foreach (var batch in Runs.LabelledDigits().Read())
            {
                batches++;
                yield return new[] { batch.Inputs[0], batch.Labels };
            }
        }

        var results = Measure(new EnumerableBatchSource(Once(), [], "1"), Fixtures.Path("digits.scripted.pt"), Fixtures.Path("digits.exported-2.6.pt2"));

        Assert.Equal(32, batches);
        Assert.All(results, result => Assert.Equal((1000, 0.921), (result.Samples, result.Top1)));
        Assert.Equal((0, 0, 1), (results[1].Gained, results[1].Lost, results[1].PValue));
    }

    // A model that changes its input in place must not spoil it for those after it.
    [Fact]
    public void A_model_gets_the_batch_as_it_came()
    {
        var path = _folder.File("spoiling.pt");
        ArchiveEditor.RewriteCode(Fixtures.Path("digits.scripted.pt"), path,
            "_0 = (body).forward((stem).forward(x, ), )", "_0 = (body).forward((stem).forward(torch.clone(x), ), )\n    spoilt = torch.zero_(x)");

        Assert.All(Measure(Runs.LabelledDigits(), path, Fixtures.Path("digits.traced.pt")), result => Assert.Equal(0.921, result.Top1));
    }

    [Fact]
    public void A_model_that_fails_does_not_keep_others_from_it()
    {
        var failures = new List<(string? Model, string Id)>();
        string[] paths = [Fixtures.Path("digits.checkpoint.pth"), Fixtures.Path("bn1d.scripted.pt"), Fixtures.Path("digits.traced.pt")];
        var models = paths.Select(BnModel.Open).ToArray();

        var result = BnEvaluator.Measure(models, Runs.LabelledDigits(), null, (model, failure) => failures.Add((Path.GetFileName(model.Path), failure.ErrorId))).Single();

        Assert.Equal([("digits.checkpoint.pth", "NoCodeToEvaluate"), ("bn1d.scripted.pt", "ForwardFailed")], failures);
        Assert.Equal(("digits.traced.pt", 0.921, null), (result.Name, result.Top1, result.Reference));
    }

    [Theory]
    [InlineData("digits.traced-training.pt")]
    [InlineData("exported/arguments-training-2.6.pt2")]
    [InlineData("exported/arguments-training-decomposed-2.14.pt2")]
    public void What_was_exported_in_training_is_refused(string model)
    {
        var before = File.ReadAllBytes(Fixtures.Path(model));
        var data = model.StartsWith("digits", StringComparison.Ordinal) ? Runs.LabelledDigits() : (IBatchSource)new EnumerableBatchSource([new[] { randn(2, 3, 8, 8), zeros(2) }], [], "1");

        AssertFails("ModelInTraining", "training mode", () => Measure(data, Fixtures.Path(model)));
        Assert.Equal(before, File.ReadAllBytes(Fixtures.Path(model)));
    }

    [Theory]
    [InlineData("NotAClass", "item 1 of batch 0", new[] { 0f, -1f })]
    [InlineData("NotAClass", "it is not whole", new[] { 0.5f, 1f })]
    [InlineData("NotAClass", "it is no number", new[] { 0f, float.NaN })]
    [InlineData("NotAClass", "has 10, which count from 0", new[] { 0f, 10f })]
    [InlineData("WrongLabelShape", "[3]", new[] { 0f, 1f, 2f })]
    public void Labels_that_are_no_classes_are_named(string id, string message, float[] labels) =>
        AssertFails(id, message, () => Measure(Pair(zeros(2, 1, 28, 28), tensor(labels)), Fixtures.Path("digits.scripted.pt")));

    [Theory]
    [InlineData(ScalarType.Byte)]
    [InlineData(ScalarType.Int8)]
    [InlineData(ScalarType.Int16)]
    [InlineData(ScalarType.Int32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.Float64)]
    public void Labels_are_whole_numbers_of_any_type(ScalarType type)
    {
        using var batch = Runs.LabelledDigits(1000).Read().Single();

        var column = Pair(batch.Inputs[0], batch.Labels!.to(type).reshape(-1, 1));

        Assert.Equal(0.921, Measure(column, Fixtures.Path("digits.scripted.pt")).Single().Top1);
    }

    [Fact]
    public void Data_without_labels_or_samples_are_refused()
    {
        AssertFails("LabelsNeeded", "has no labels", () => Measure(new EnumerableBatchSource([zeros(2, 1, 28, 28)], []), Fixtures.Path("digits.scripted.pt")));
        AssertFails("NoData", "no samples", () => Measure(new EnumerableBatchSource([], []), Fixtures.Path("digits.scripted.pt")));
        AssertFails("NoData", "no samples", () => Measure(Pair(zeros(0, 1, 28, 28), zeros(0)), Fixtures.Path("digits.scripted.pt")));
    }

    [Fact]
    public void NaN_is_named_with_its_item()
    {
        var images = zeros(3, 1, 28, 28);
        using (var last = images[2])
            last.copy_(full_like(last, double.NaN));

        AssertFails("OutputNotFinite", "item 2 of batch 0", () => Measure(Pair(images, zeros(3)), Fixtures.Path("digits.scripted.pt")));
    }

    [Fact]
    public void Of_one_sample_there_is_no_error()
    {
        var result = Measure(Pair(zeros(1, 1, 28, 28), zeros(1)), Fixtures.Path("digits.scripted.pt")).Single();

        Assert.Equal((1, null, null, null), (result.Samples, result.Top1Error, result.Top5Error, result.LossError));
    }

    [Fact]
    public void Programs_for_batches_of_other_sizes_have_none_in_common()
    {
        var sixteen = _folder.File("sixteen.pt2");
        ArchiveEditor.Rewrite(Fixtures.Path("digits.exported-static32-2.6.pt2"), sixteen, (name, bytes) => name.EndsWith("program.json", StringComparison.Ordinal)
            ? System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(bytes).Replace("\"as_int\": 32}", "\"as_int\": 16}")) : bytes);

        AssertFails("BatchSizesDiffer", "batches of 32", () => Measure(Runs.LabelledDigits(null), Fixtures.Path("digits.exported-static32-2.6.pt2"), sixteen));
    }

    [Fact]
    public void It_stops_within_a_batch()
    {
        using var stop = new CancellationTokenSource();
        using var model = BnModel.Open(Fixtures.Path("digits.scripted.pt"));
        var seen = 0L;

        Assert.Throws<OperationCanceledException>(() => BnEvaluator.Measure([model], Runs.LabelledDigits(), null, null, new Recorder(report =>
        {
            seen = report.Batches;
            stop.Cancel();
        }), stop.Token));

        Assert.Equal(1, seen);
    }

    public void Dispose() => _folder.Dispose();

    private static EnumerableBatchSource Pair(Tensor inputs, Tensor labels) => new([new[] { inputs, labels }], [], "1");

    private static IReadOnlyList<BnAccuracy> Measure(IBatchSource data, params string[] paths)
    {
        var models = paths.Select(BnModel.Open).ToArray();
        try
        {
            return BnEvaluator.Measure(models, data);
        }
        finally
        {
            foreach (var model in models)
                model.Dispose();
        }
    }

    private static long[] Wrong(string model)
    {
        using var saved = new SavedModel(Fixtures.Path(model));
        using var candidate = new AccuracyCandidate(saved, saved.LoadToRun(new AccuracyOptions(), CPU), CPU);
        var right = new List<bool>();
        foreach (var batch in Runs.LabelledDigits().Read())
        {
            candidate.Judge(batch, 0);
            right.AddRange(candidate.Right);
        }
        return right.Select((isRight, index) => isRight ? -1L : index).Where(index => index >= 0).ToArray();
    }

    private static JsonDocument Expectation() => JsonDocument.Parse(File.ReadAllText(Fixtures.Path("digits.classes.expected.json")));

    private static long[] Indices(JsonElement found, string name) => found.GetProperty(name).EnumerateArray().Select(index => index.GetInt64()).ToArray();

    private static void AssertAgrees(JsonElement expected, BnAccuracy result)
    {
        var (top1, top5) = (1 - (Indices(expected, "wrong").Length / 1000.0), 1 - (Indices(expected, "not_in_top5").Length / 1000.0));
        Assert.Equal((1000, 10), (result.Samples, result.Classes));
        Assert.Equal((top1, top5), (result.Top1, result.Top5));
        Assert.Equal(Math.Sqrt(top1 * (1 - top1) / 1000), result.Top1Error!.Value, 1e-12);
        Assert.Equal(expected.GetProperty("loss").GetDouble(), result.Loss!.Value, 1e-6);
        Assert.Equal(expected.GetProperty("loss_error").GetDouble(), result.LossError!.Value, 1e-6);
        Assert.False(result.AreProbabilities);
    }

    private static void AssertFails(string id, string message, Action action)
    {
        var error = Assert.Throws<PreciseBnException>(action);
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(message, error.Message);
    }
}
