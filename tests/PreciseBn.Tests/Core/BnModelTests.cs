using PreciseBn.Batches;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>The door of the core, as a program in .NET goes through it.</summary>
public sealed class BnModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly nn.Module<Tensor, Tensor> _network = nn.Sequential(
        ("first", nn.Linear(3, 4)), ("bn1", nn.BatchNorm1d(4)), ("relu", nn.ReLU()), ("second", nn.Linear(4, 2)), ("bn2", nn.BatchNorm1d(2)));

    [Fact]
    public void Layers_of_a_model_in_memory_are_as_training_has_left_them()
    {
        using var model = BnModel.Of(_network);
        var before = model.Layers[0].Mean;
        _network.train();

        using var output = _network.call(randn(16, 3));

        Assert.NotEqual(before, model.Layers[0].Mean);
        Assert.Equal(1, model.Layers[0].BatchesTracked);
    }

    [Fact]
    public void The_prior_is_what_the_model_has_when_it_is_measured()
    {
        using var model = BnModel.Of(_network);
        using var batch = randn(64, 3);
        model.Update(BatchSource.Of([batch]));
        var settled = model.Layers[0];

        var mixed = model.Measure(BatchSource.Of([batch]), new() { PriorWeight = 1e12 }).Layers[0];

        Assert.Equal(settled.Mean, mixed.PreviousMean);
        Assert.All(settled.Mean.Zip(mixed.Mean), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void Some_layers_are_chosen_by_patterns_and_one_that_matches_nothing_is_refused()
    {
        using var model = BnModel.Of(_network);
        var untouched = model.Layers[0].Mean;

        var result = model.Only("bn2").Update(BatchSource.Of([randn(8, 3)]));

        Assert.Equal("bn2", Assert.Single(result.Layers).Name);
        Assert.Equal(untouched, model.Layers[0].Mean);
        Assert.Equal(["bn1", "bn2"], model.Only("bn*").Layers.Select(layer => layer.Name));
        Assert.Equal("LayerNotFound", Assert.Throws<PreciseBnException>(() => model.Only("bn1", "bm2")).ErrorId);
        Assert.Equal("LayerNotFound", Assert.Throws<PreciseBnException>(() => model.Only()).ErrorId);
    }

    [Fact]
    public void A_model_without_layers_is_refused_when_it_is_measured()
    {
        using var model = BnModel.Of(nn.Linear(2, 2));

        Assert.Empty(model.Layers);
        Assert.Equal("NoBatchNorm", Assert.Throws<PreciseBnException>(() => model.Measure(BatchSource.Of([randn(4, 2)]))).ErrorId);
    }

    [Fact]
    public void Tensors_that_are_handed_over_do_not_pile_up()
    {
        using var model = BnModel.Of(_network);
        var alive = new List<Tensor>();
        IEnumerable<Tensor> Batches()
        {
            for (var i = 0; i < 50; i++)
            {
                Assert.True(alive.Count(batch => !batch.IsInvalid) <= 1);
                alive.Add(randn(8, 3));
                yield return alive[^1];
            }
        }

        model.Measure(BatchSource.Of(Batches(), TensorOwnership.Batch));

        Assert.Equal(50, alive.Count);
        Assert.All(alive, batch => Assert.True(batch.IsInvalid));
    }

    [Fact]
    public void Tensors_of_the_caller_stay()
    {
        using var model = BnModel.Of(_network);
        using var batch = randn(8, 3);

        model.Measure(BatchSource.Of([batch, batch]));

        Assert.False(batch.IsInvalid);
    }

    [Fact]
    public void The_items_of_a_DataLoader_are_taken_by_a_selector_in_the_exact_mode_too()
    {
        using var model = BnModel.Of(_network);
        var items = Enumerable.Range(0, 24).Select(_ => randn(3)).ToList();
        using var set = utils.data.TensorDataset(stack(items));
        using var loader = utils.data.DataLoader(set, 8);

        var result = model.Measure(BatchSource.From(loader, item => [item[0]]), new() { Exact = true });

        Assert.Equal((3, 24), (result.Batches, result.Layers[0].Count));
    }

    [Fact]
    public async Task An_asynchronous_stream_is_measured_with_progress()
    {
        using var model = BnModel.Of(_network);
        async IAsyncEnumerable<Tensor> Batches()
        {
            for (var i = 0; i < 3; i++)
            {
                await Task.Yield();
                yield return randn(8, 3);
            }
        }
        var seen = new List<MeasureProgress>();

        var result = await model.MeasureAsync(BatchSource.FromAsync(Batches(), TensorOwnership.Batch), progress: new Recorder(seen.Add));

        Assert.Equal(3, result.Batches);
        Assert.Equal([1, 2, 3], seen.Select(progress => progress.Batches));
    }

    [Fact]
    public void A_model_that_another_thread_uses_says_so()
    {
        using var model = BnModel.Of(_network);
        using var same = BnModel.Of(_network);
        PreciseBnException? refused = null;
        IEnumerable<Tensor> Batches()
        {
            var other = new Thread(() => refused = Record.Exception(() => same.Measure(BatchSource.Of([randn(8, 3)]))) as PreciseBnException);
            other.Start();
            other.Join();
            yield return randn(8, 3);
        }

        model.Measure(BatchSource.Of(Batches(), TensorOwnership.Batch));

        Assert.Equal("ModelInUse", refused?.ErrorId);
    }

    [Fact]
    public void Merged_statistics_go_into_the_live_model_that_they_were_measured_on()
    {
        using var model = BnModel.Of(_network);
        var batches = Enumerable.Range(0, 6).Select(_ => randn(8, 3)).ToArray();
        var whole = model.Measure(BatchSource.Of(batches));
        var merger = new BnMerger();
        foreach (var partial in new[] { "1/2", "2/2" }.SelectMany(shard => model.MeasureShard(BatchSource.Of(batches), new() { Shard = DataShard.Parse(shard) })))
            merger.Add(partial);

        model.Save(merger.Estimate());

        Assert.All(whole.Layers.Zip(model.Layers), pair => Assert.All(pair.First.Mean.Zip(pair.Second.Mean), mean => Assert.Equal(mean.First, mean.Second, 1e-6)));
        using var other = BnModel.Of(nn.Sequential(("bn1", nn.BatchNorm1d(4)), ("bn2", nn.BatchNorm1d(2))));
        Assert.Equal("WrongModel", Assert.Throws<PreciseBnException>(() => other.Save(merger.Estimate())).ErrorId);
        Assert.Equal(2, other.Apply(merger.Estimate().Layers).Count);
    }

    [Fact]
    public void A_model_in_memory_has_no_file_to_save_elsewhere()
    {
        using var model = BnModel.Of(_network);
        var before = model.Layers[0].Mean;

        var error = Assert.Throws<PreciseBnException>(() => model.Update(BatchSource.Of([randn(8, 3)]), save: new() { Destination = _folder.File("x.pt") }));

        Assert.Equal("NoFileToWrite", error.ErrorId);
        Assert.Equal(before, model.Layers[0].Mean);
    }

    [Fact]
    public void A_result_exports_and_imports_itself()
    {
        using var model = BnModel.Of(_network);
        var result = model.Measure(BatchSource.Of([randn(8, 3), randn(8, 3)]));

        result.Export(_folder.File("result.safetensors"));
        var imported = BnResult.Import(_folder.File("result.safetensors"));

        Assert.Equivalent(result.Layers, imported.Layers);
        Assert.Equal((result.Batches, result.StoppedBy, result.Unreached.Count), (imported.Batches, imported.StoppedBy, imported.Unreached.Count));
    }

    [Fact]
    public void A_result_is_of_one_model_and_has_each_layer_once()
    {
        using var data = Runs.Digits(take: 64);
        var stats = Runs.Measure(Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers, data, new());
        string Refused(IEnumerable<BnStat> given) => Assert.Throws<PreciseBnException>(() => new BnResult(given.ToArray())).ErrorId;

        Assert.Equal("NothingGiven", Refused([]));
        Assert.Equal("LayerGivenTwice", Refused(stats.Append(stats.First())));
        Assert.Equal("ModelsMixed", Refused(stats.Select((stat, i) => i < 3 ? stat : stat with { Path = "other.pt" })));
        Assert.Equal("ModelsMixed", Refused(stats.Select((stat, i) => i < 3 ? stat : stat with { ContentSha256 = "other" })));
        Assert.Equal(12, new BnResult([.. stats, .. stats.Select(stat => stat with { Estimator = Estimator.MeanOfBatchVariance, Path = null })]).Statistics.Count);
    }

    public static TheoryData<string, Func<object>> Nonsense() => new()
    {
        { "PriorWeight", () => new MeasureOptions { PriorWeight = double.NaN } },
        { "PriorWeight", () => new MeasureOptions { PriorWeight = -5 } },
        { "PriorWeight", () => new MeasureOptions { PriorWeight = double.PositiveInfinity } },
        { "Iterations", () => new MeasureOptions { Iterations = 0 } },
        { "Iterations", () => new ShardOptions { Iterations = -1 } },
        { "Tolerance", () => new MeasureOptions { Tolerance = double.NaN } },
        { "Tolerance", () => new MeasureOptions { Tolerance = 0 } },
        { "Estimators", () => new MeasureOptions { Estimators = [] } },
        { "Estimators", () => new MeasureOptions { Estimators = null! } },
        { "Estimators", () => new MeasureOptions { Estimators = [Estimator.PopulationVariance, Estimator.PopulationVariance] } },
        { "Estimators", () => new MeasureOptions { Estimators = [(Estimator)7] } },
        { "MemoryFormat", () => new MeasureOptions { MemoryFormat = (MemoryFormat)7 } },
        { "Every", () => new ShardOptions { Every = 0 } },
        { "Threads", () => new MeasureOptions { Threads = 0 } },
        { "Shard", () => new ShardOptions { Shard = null! } },
        { "Map", () => new MatchOptions { Map = null! } },
        { "priorWeight", () => new BnMerger().Estimate(priorWeight: double.NaN) },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void An_option_that_makes_no_sense_is_refused_where_it_is_set(string option, Func<object> set)
    {
        var error = Assert.Throws<PreciseBnException>(set);

        Assert.Equal(("InvalidOption", ErrorKind.InvalidArgument), (error.ErrorId, error.Kind));
        Assert.StartsWith($"{option} cannot be ", error.Message);
    }

    public void Dispose()
    {
        _network.Dispose();
        _folder.Dispose();
    }
}
