using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>What does not belong together is not merged, and what is wrong is named.</summary>
public sealed class MergeRefusalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;
    private readonly BnDataLoader _data = Runs.Digits(take: 96);

    public MergeRefusalTests() => _model = _folder.Copy("digits.scripted.pt", "model.pt");

    [Fact]
    public void A_shard_that_comes_twice_is_named_with_both_files()
    {
        Write("a", "2/3");
        Write("b", "1/3");
        Write("copy", "2/3");

        var error = AssertRefused("ShardTwice", "a", "b", "copy");

        Assert.Contains("Shard 2/3 of ", error.Message);
        Assert.Contains($"'{Part("a")}'", error.Message);
        Assert.Contains($"'{Part("copy")}'", error.Message);
    }

    [Fact]
    public void A_shard_that_is_in_a_merged_partial_already_is_named()
    {
        var parts = Shards.MeasureAll(_model, _data, 3);
        var merged = Shards.Merge(parts[0].Concat(parts[1])).ToPartials();

        var error = Assert.Throws<PreciseBnException>(() => Shards.Merge(merged.Concat(parts[1])));

        Assert.Equal("ShardTwice", error.ErrorId);
        Assert.Contains("Shard 2/3 of ", error.Message);
    }

    [Fact]
    public void Missing_shards_are_named_and_allowed_if_asked_for()
    {
        Write("a", "2/5");
        Write("b", "4/5");
        var merger = Merger("a", "b");

        var error = Assert.Throws<PreciseBnException>(() => merger.Estimate());

        Assert.Equal("ShardsMissing", error.ErrorId);
        Assert.Contains("shard 1/5, 3/5, 5/5 of ", error.Message);
        Assert.Equal(6, merger.Estimate(allowMissing: true).Statistics.Count);
    }

    [Fact]
    public void If_it_is_known_how_many_there_are_to_be_all_are_named_where_there_is_none()
    {
        Write("a", "2/5");
        var merger = new BnMerger(5);

        var error = Assert.Throws<PreciseBnException>(() => merger.Estimate(allowMissing: true));

        Assert.Equal("ShardsMissing", error.ErrorId);
        Assert.Contains("of shard 1..5/5;", error.Message);
        Assert.Equal("NothingGiven", Assert.Throws<PreciseBnException>(() => new BnMerger().Estimate()).ErrorId);
        merger.AddFiles([Part("a")]);
        Assert.StartsWith("shard 1/5, 3..5/5 of ", merger.MissingShards);
    }

    [Fact]
    public void Shards_of_another_number_than_there_are_to_be_are_refused()
    {
        Write("a", "2/5");

        var error = Assert.Throws<PreciseBnException>(() => new BnMerger(4).AddFiles([Part("a")]));

        Assert.Equal("ShardsDiffer", error.ErrorId);
        Assert.Contains($"'{Part("a")}' is shard 2/5 of ", error.Message);
        Assert.Contains("there are to be 4 shards", error.Message);
        Assert.Equal("InvalidOption", Assert.Throws<PreciseBnException>(() => new BnMerger(0)).ErrorId);
    }

    [Fact]
    public void Shards_of_runs_of_other_lengths_are_refused()
    {
        Write("a", "1/2", new() { Iterations = 2 });
        Write("more", "2/2", new() { Iterations = 3 });
        Write("tolerant", "2/2", new() { Iterations = 2, Tolerance = 0.05 });

        var error = AssertRefused("LimitsDiffer", "a", "more");

        Assert.Contains($"'{Part("more")}' was measured on at most 3 batches of all shards, but '{Part("a")}' on at most 2 batches of all shards;", error.Message);
        Assert.Contains("and to a tolerance of 0.05, but ", AssertRefused("LimitsDiffer", "a", "tolerant").Message);
    }

    [Fact]
    public void Numbers_that_may_have_been_rounded_are_not_merged_with_others()
    {
        Write("a", "1/2");
        var rounded = Shards.Measure(_model, _data, "2/2").Select(partial => partial with { Device = "cuda:0", AllowsTf32 = true }).ToArray();
        BnPartialFile.Write(Part("b"), rounded, force: false);

        var error = AssertRefused("PrecisionsDiffer", "a", "b");

        Assert.Contains($"'{Part("b")}' was measured with TF32, but '{Part("a")}' without it", error.Message);
    }

    [Fact]
    public void What_is_allowed_has_no_effect_on_a_CPU_and_is_no_difference_there()
    {
        var parts = Shards.Measure(_model, _data, "1/2").Concat(Shards.Measure(_model, _data, "2/2", new() { AllowTf32 = true }));

        Assert.NotEmpty(Shards.Merge(parts).Estimate().Statistics);
    }

    [Fact]
    public void Another_model_is_named()
    {
        Write("a", "1/2");
        ArchiveEditor.RewriteCode(_model, _folder.File("other.pt"), "1.0000000000000001e-05", "0.001");
        Assert.NotEqual(File.ReadAllBytes(_model), File.ReadAllBytes(_folder.File("other.pt")));
        BnPartialFile.Write(Part("b"), Shards.Measure(_folder.File("other.pt"), _data, "2/2"), force: false);

        var error = AssertRefused("ModelsDiffer", "a", "b");

        Assert.Contains(_folder.File("other.pt"), error.Message);
        Assert.Contains($"'{Part("b")}'", error.Message);
    }

    [Fact]
    public void A_model_whose_measured_statistics_were_changed_in_between_is_the_same_but_not_for_a_prior()
    {
        Write("a", "1/2");
        var layers = Runs.Read(_model).Layers;
        Runs.Apply(_model, layers.Select(layer => layer with { Mean = layer.Mean.Select(value => value + 1).ToArray(), BatchesTracked = 7 }).ToArray());
        Write("b", "2/2");
        var merger = Merger("a", "b");

        Assert.Equal(6, merger.Estimate().Statistics.Count);
        Assert.Equal("PriorsDiffer", Assert.Throws<PreciseBnException>(() => merger.Estimate(priorWeight: 1)).ErrorId);
    }

    [Fact]
    public void A_model_in_which_the_statistics_of_other_layers_were_changed_is_another()
    {
        var layers = Runs.Read(_model).Layers;
        PartialBnStat Measure(string shard) => Runs.MeasureShard([layers[0]], _data, new() { Shard = DataShard.Parse(shard) }).Single();
        var first = Measure("1/2");
        Runs.Apply(_model, [layers[5] with { Mean = layers[5].Mean.Select(value => value + 1).ToArray() }], new() { AllowPartial = true });

        Assert.Equal("ModelsDiffer", Assert.Throws<PreciseBnException>(() => Shards.Merge([first, Measure("2/2")])).ErrorId);
    }

    [Fact]
    public void Other_estimators_layers_and_divisions_are_refused()
    {
        var layers = Runs.Read(_model).Layers;
        Write("a", "1/2");
        Write("estimator", "2/2", new() { Estimators = [Estimator.MeanOfBatchVariance] });
        Write("count", "2/3");
        BnPartialFile.Write(Part("layers"), Shards.Measure(_model, _data, "2/2").Skip(1).ToArray(), force: false);
        using var larger = Runs.Digits(batchSize: 48, take: 96);
        BnPartialFile.Write(Part("plan"), Shards.Measure(_model, larger, "2/2"), force: false);

        AssertRefused("EstimatorsDiffer", "a", "estimator");
        AssertRefused("ShardsDiffer", "a", "count");
        AssertRefused("ShardsDiffer", "a", "plan");
        Assert.Contains(layers[0].Name, AssertRefused("LayersDiffer", "a", "layers").Message);
        AssertRefused("LayersDiffer", "layers", "a");
    }

    [Fact]
    public void Nothing_is_written_to_a_model_that_is_another()
    {
        var merged = Shards.Merge(Shards.Measure(_model, _data, "1/1")).Estimate().Statistics;
        ArchiveEditor.RewriteCode(Fixtures.Path("digits.scripted.pt"), _folder.File("new.pt"), "1.0000000000000001e-05", "0.001");
        File.Move(_folder.File("new.pt"), _model, overwrite: true);
        var before = File.ReadAllBytes(_model);

        var error = Assert.Throws<PreciseBnException>(() => Runs.Save(merged, new()));

        Assert.Equal("WrongModel", error.ErrorId);
        Assert.Contains(_model, error.Message);
        Assert.Equal(before, File.ReadAllBytes(_model));
    }

    [Fact]
    public void A_partial_that_is_cut_off_anywhere_is_named()
    {
        Write("a", "1/1");
        var whole = File.ReadAllBytes(Part("a"));
        foreach (var length in Enumerable.Range(0, 200).Select(i => whole.Length * i / 200))
        {
            File.WriteAllBytes(Part("cut"), whole[..length]);

            var error = Assert.Throws<PreciseBnException>(() => BnPartialFile.Read(Part("cut")));

            Assert.Contains(error.ErrorId, new[] { "DamagedFile", "NotAPartial", "TruncatedFile" });
            Assert.Contains($"'{Part("cut")}'", error.Message);
        }
    }

    [Fact]
    public void Damaged_partials_are_errors_and_no_crashes()
    {
        Write("a", "1/1");
        var whole = File.ReadAllBytes(Part("a"));
        var mutator = new Mutator(1);
        for (var i = 0; i < 300; i++)
        {
            // Damage within the header: in the numbers themselves the checksum tells of it.
            File.WriteAllBytes(Part("bad"), [.. mutator.Mutate(whole[..4000]), .. whole[4000..]]);
            if (Record.Exception(() => Merger("bad").Estimate(allowMissing: true)) is { } error)
                Assert.IsType<PreciseBnException>(error);
        }
    }

    [Fact]
    public void Numbers_that_are_others_are_damage()
    {
        Write("a", "1/1");
        BnStatFile.Write(_folder.File("s.safetensors"), Runs.Read(_model).Layers, force: false);
        foreach (var (path, read) in new (string, Action<string>)[] { (Part("a"), file => BnPartialFile.Read(file)), (_folder.File("s.safetensors"), file => BnStatFile.Read(file)) })
        {
            var whole = File.ReadAllBytes(path);
            foreach (var change in new Action<byte[]>[] { bytes => bytes[^100] ^= 1, bytes => bytes[^1] ^= 0x40, bytes => bytes.AsSpan(bytes.Length / 2).Clear() })
            {
                var changed = whole.ToArray();
                change(changed);
                File.WriteAllBytes(path, changed);

                Assert.Equal("DamagedFile", Assert.Throws<PreciseBnException>(() => read(path)).ErrorId);
            }
        }
    }

    [Fact]
    public void Numbers_that_cannot_be_are_refused_wherever_they_come_from()
    {
        var whole = Shards.Measure(_model, _data, "1/1");
        double[] With(int row, double value) => [.. whole[0].Moments[..(row * whole[0].Channels)], value, .. whole[0].Moments[((row * whole[0].Channels) + 1)..]];
        PartialBnStat[] wrong =
        [
            whole[0] with { Moments = With(3, double.NaN) },
            whole[0] with { Moments = With(4, -1) },
            whole[0] with { Moments = new double[whole[0].Moments.Length] },
            whole[0] with { Moments = whole[0].Moments[1..] },
            whole[0] with { Count = 0 },
            whole[0] with { Batches = whole[0].TotalBatches + 1 },
        ];

        Assert.All(wrong, partial => Assert.Equal("NotAPartial", Assert.Throws<PreciseBnException>(() => new BnMerger().Add(partial)).ErrorId));
    }

    [Fact]
    public void Layers_of_two_models_do_not_merge_because_their_shard_is_the_same()
    {
        Write("a", "1/1");
        ArchiveEditor.RewriteCode(_model, _folder.File("other.pt"), "1.0000000000000001e-05", "0.001");
        var others = Shards.Measure(_folder.File("other.pt"), _data, "1/1").Select(partial => partial with { Name = $"B.{partial.Name}" });

        Assert.Equal("ModelsDiffer", Assert.Throws<PreciseBnException>(() => Shards.Merge([.. BnPartialFile.Read(Part("a")), .. others])).ErrorId);
    }

    [Fact]
    public void Other_files_are_no_partials()
    {
        BnStatFile.Write(Part("stats"), Runs.Read(_model).Layers, force: false);

        Assert.Equal("NotAPartial", Assert.Throws<PreciseBnException>(() => BnPartialFile.Read(Part("stats"))).ErrorId);
        Assert.Equal("NotAPartial", Assert.Throws<PreciseBnException>(() => BnPartialFile.Read(_model)).ErrorId);
        Assert.False(BnPartialFile.IsPartial(Part("stats")));
    }

    [Fact]
    public void A_file_is_not_overwritten_and_holds_one_shard_only()
    {
        var part = Shards.Measure(_model, _data, "1/2");
        BnPartialFile.Write(Part("a"), part, force: false);

        Assert.Equal("DestinationExists", Assert.Throws<PreciseBnException>(() => BnPartialFile.Write(Part("a"), part, force: false)).ErrorId);
        Assert.Equal("LayerGivenTwice", Assert.Throws<PreciseBnException>(() => BnPartialFile.Write(Part("b"), [.. part, .. part], force: false)).ErrorId);
        Assert.Equivalent(part, BnPartialFile.Read(Part("a")), strict: true);
        Assert.Equal(part.SelectMany(partial => partial.Moments), BnPartialFile.Read(Part("a")).SelectMany(partial => partial.Moments));
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    private string Part(string name) => _folder.File($"{name}.safetensors");

    private void Write(string name, string shard, ShardOptions? options = null) =>
        BnPartialFile.Write(Part(name), Shards.Measure(_model, _data, shard, options), force: false);

    private BnMerger Merger(params string[] names)
    {
        var merger = new BnMerger();
        merger.AddFiles(names.Select(Part).ToArray());
        return merger;
    }

    private PreciseBnException AssertRefused(string errorId, params string[] names)
    {
        var error = Assert.Throws<PreciseBnException>(() => Merger(names).Estimate());
        Assert.Equal(errorId, error.ErrorId);
        return error;
    }
}
