using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>TorchSharp models in memory are recomputed in their own buffers, or left exactly as they were.</summary>
public sealed class LiveModelTests : IDisposable
{
    private readonly Sequential _model = nn.Sequential(
        ("conv", nn.Conv2d(1, 4, 3)), ("bn", nn.BatchNorm2d(4)), ("relu", nn.ReLU()), ("pool", nn.AdaptiveAvgPool2d(1)),
        ("flatten", nn.Flatten()), ("fc", nn.Linear(4, 3)), ("head", nn.BatchNorm1d(3, momentum: 0.3)));

    private readonly Tensor[] _data;

    // The weights are the same in every run: by chance a mean can be so far from 0 that the first batch runs twice.
    public LiveModelTests()
    {
        using var generator = new Generator(1);
        using var gradients = no_grad();
        foreach (var (_, parameter) in _model.named_parameters().Where(named => named.name.Split('.')[0] is "conv" or "fc"))
            parameter.normal_(generator: generator);
        _data = Enumerable.Range(0, 5).Select(i => randn([4 + i, 1, 8, 8], generator: generator)).ToArray();
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Layers_in_16_bits_are_refused_by_name(ScalarType type)
    {
        using var module = nn.Sequential(("a", nn.BatchNorm1d(3)), ("b", nn.BatchNorm1d(3, dtype: type)));
        using var input = randn(8, 3);

        var error = Assert.Throws<PreciseBnException>(() => BnModel.Of(module).Measure(new EnumerableBatchSource([input], []), new()));

        Assert.Equal("ReducedPrecision", error.ErrorId);
    }

    [Fact]
    public void Modules_of_other_makers_that_keep_statistics_are_named()
    {
        using var others = nn.Sequential(("bn", nn.BatchNorm1d(3)), ("instance", nn.InstanceNorm1d(3, track_running_stats: true)), ("own", new OwnNorm()));
        using var model = BnModel.Of(others);

        Assert.Equal(["bn"], model.Layers.Select(layer => layer.Name));
        Assert.Contains("'own' (OwnNorm)", Assert.Single(model.UnaccountedCalls));
        Assert.Empty(BnModel.Of(_model).UnaccountedCalls);
    }

    // A mean that is far from 0 has the first batch run again.
    [Fact]
    public void A_batch_that_is_run_again_finds_the_buffers_as_they_were()
    {
        using var counting = new Counting();
        double[] numbers = [1, 2, 4, 8, 3, 7];
        using var first = tensor(new[] { 1f, 2, 4 }).reshape(3, 1);
        using var second = tensor(new[] { 8f, 3, 7 }).reshape(3, 1);

        var stat = BnModel.Of(counting).Measure(BatchSource.From([first, second], item => [item]), new()).Statistics[0];

        var seen = numbers.Select((number, i) => (number * (i < 3 ? 1 : 2)) + 100).ToArray();
        Assert.Equal(seen.Average(), stat.Mean[0], 1e-5);
        Assert.Equal(seen.Sum(value => (value - seen.Average()) * (value - seen.Average())) / seen.Length, stat.Variance[0], 1e-4);
        Assert.Equal(0, counting.get_buffer("count")!.item<float>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whoever_else_reads_statistics_sees_those_that_a_layer_has(bool isCallEmpty)
    {
        using var reading = new Reading(isCallEmpty);
        using var input = tensor(new[] { 1f, 2, 4 }).reshape(3, 1);

        var stats = BnModel.Of(reading).Measure(BatchSource.Of([input])).Statistics;

        Assert.Equal(7 / 3.0 + 5, stats.Single(stat => stat.Name == "behind").Mean[0], 1e-6);
    }

    [Fact]
    public void Layers_are_listed_with_their_settings()
    {
        _model.eval();

        var layers = Runs.Layers(_model);

        Assert.Equal([("bn", "BatchNorm2d", 4), ("head", "BatchNorm1d", 3)], layers.Select(layer => (layer.Name, layer.Type, layer.Channels)));
        Assert.Equal(0.3, layers[1].Momentum);
        Assert.All(layers, layer => Assert.Null(layer.Path));
        Assert.All(layers, layer => Assert.False(layer.Training));
    }

    [Fact]
    public void Statistics_are_those_of_all_inputs_together()
    {
        _model.eval();
        using var inputs = cat(_data.Select(batch => ((Conv2d)_model[0]).call(batch)).ToArray()).detach().to(ScalarType.Float64);

        Runs.Update(Runs.Layers(_model), new EnumerableBatchSource(_data, []), new());

        var layer = Layer("bn");
        using var mean = inputs.mean([0, 2, 3]);
        using var variance = inputs.var([0, 2, 3], unbiased: false);
        Assert.True(allclose(layer.running_mean!.to(ScalarType.Float64), mean, 1e-5, 1e-6));
        Assert.True(allclose(layer.running_var!.to(ScalarType.Float64), variance, 1e-5, 1e-6));
        Assert.Equal(5, layer.num_batches_tracked!.item<long>());
    }

    [Fact]
    public void A_layer_that_has_kept_NaN_is_repaired()
    {
        using (no_grad())
            Layer("bn").running_mean!.fill_(double.NaN);

        var stats = Runs.Update(Runs.Layers(_model), new EnumerableBatchSource(_data, []), new());

        Assert.All(stats, stat => Assert.All(stat.Mean.Concat(stat.Variance), value => Assert.True(double.IsFinite(value))));
    }

    [Fact]
    public void One_batch_with_NaN_leaves_the_next_alone()
    {
        using var bad = full([4, 1, 8, 8], double.NaN, ScalarType.Float32);

        var stats = Runs.Update(Runs.Layers(_model), new EnumerableBatchSource([bad, .. _data], []), new() { SkipNonFinite = true });

        Assert.All(stats, stat => Assert.Equal((5, 1), (stat.Batches, stat.SkippedBatches)));
    }

    [Fact]
    public void Mode_momentum_and_hooks_are_what_they_were()
    {
        _model.eval();
        var calls = 0;
        Layer("bn").register_forward_pre_hook((_, input) =>
        {
            calls++;
            return input;
        });

        Runs.Update(Runs.Layers(_model), new EnumerableBatchSource(_data, []), new());

        Assert.Equal(5, calls);
        Assert.False(_model.training);
        Assert.False(Layer("bn").training);
        Assert.Equal((0.1, 0.3), (Layer("bn").momentum, Layer("head").momentum));
        _model.call(_data[0]);
        Assert.Equal(6, calls);
    }

    [Fact]
    public void Buffers_are_the_same_tensors_afterwards()
    {
        var mean = Layer("bn").running_mean!;

        Runs.Update(Runs.Layers(_model), new EnumerableBatchSource(_data, []), new());

        Assert.False(mean.IsInvalid);
        Assert.Same(mean, Layer("bn").running_mean);
    }

    [Fact]
    public void Only_the_selected_layers_change()
    {
        _model.train();
        using var before = Layer("head").running_mean!.clone();

        Runs.Update(
            Runs.Layers(_model).Where(layer => layer.Name == "bn").ToArray(), new EnumerableBatchSource(_data, []), new());

        Assert.NotEqual(0, Layer("bn").running_mean!.abs().sum().item<float>());
        Assert.Equal(before.data<float>(), Layer("head").running_mean!.data<float>());
    }

    [Fact]
    public void After_a_failure_everything_is_as_it_was()
    {
        _model.eval();
        using var mean = Layer("bn").running_mean!.clone();
        using var variance = Layer("bn").running_var!.clone();
        using var bad = full([2, 1, 8, 8], float.NaN);

        var error = Assert.Throws<PreciseBnException>(() => Runs.Update(
            Runs.Layers(_model), new EnumerableBatchSource([.. _data, bad], []), new()));

        Assert.Equal("NotFinite", error.ErrorId);
        Assert.Equal(mean.data<float>(), Layer("bn").running_mean!.data<float>());
        Assert.Equal(variance.data<float>(), Layer("bn").running_var!.data<float>());
        Assert.Equal(0, Layer("bn").num_batches_tracked!.item<long>());
        Assert.False(Layer("bn").training);
        Assert.Equal(0.1, Layer("bn").momentum);
    }

    // The first layer would have been changed before the second is found out.
    [Theory]
    [InlineData(1e39, "DoesNotFit")]
    [InlineData(double.NaN, "DoesNotFit")]
    [InlineData(-1, "NegativeVariance")]
    public void Statistics_that_no_layer_can_have_change_none(double variance, string errorId)
    {
        using var model = BnModel.Of(_model);
        double[] Filled(int channels, double value) => Enumerable.Repeat(value, channels).ToArray();
        ILayerStatistics[] given = [model.Layers[0] with { Mean = Filled(4, 7) }, model.Layers[1] with { Variance = Filled(3, variance) }];

        var error = Assert.Throws<PreciseBnException>(() => model.Apply(given));

        Assert.Equal(errorId, error.ErrorId);
        Assert.Equal(new float[4], Layer("bn").running_mean!.data<float>());
    }

    [Fact]
    public void A_TorchScript_module_in_memory_is_refused_with_advice()
    {
        using var module = jit.load(Fixtures.Path("digits.scripted.pt"));

        Assert.Equal("ScriptModuleInMemory", Assert.Throws<PreciseBnException>(() => Runs.Layers(module)).ErrorId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mode_and_momentum_that_its_own_code_gives_a_layer_do_not_change_what_is_measured(bool exact)
    {
        using var model = new Switching();
        double[] numbers = [1, 2, 4, 8, 3, 7];
        using var batch = tensor(numbers, ScalarType.Float32).reshape(6, 1);

        var statistics = BnModel.Of(model).Measure(new EnumerableBatchSource(new[] { batch }, []), new() { Exact = exact }).Statistics;

        var variance = numbers.Sum(number => (number - numbers.Average()) * (number - numbers.Average())) / numbers.Length;
        Assert.Equal(numbers.Average(), statistics[0].Mean[0], 1e-5);
        Assert.Equal(variance, statistics[0].Variance[0], 1e-5);
        Assert.Equal(3, statistics[1].Mean[0], 1e-5);
        Assert.Equal(4 * variance / (variance + 1e-5), statistics[1].Variance[0], 1e-5);
        Assert.True(model.First.training);
    }

    [Theory]
    [InlineData(nameof(Unseen.ByForward), "CalledWithoutHooks", "by forward()")]
    [InlineData(nameof(Unseen.ByFunction), "CalledWithoutHooks", "functional.batch_norm")]
    [InlineData(nameof(Unseen.ByFunctionInEvaluation), "NothingReached", "call the layers")]
    public void What_normalises_without_calling_a_layer_is_named_with_what_to_do(string way, string errorId, string says)
    {
        using var model = new Unseen(way);
        using var input = tensor(new[] { 1f, 2, 4 }).reshape(3, 1);

        var error = Assert.Throws<PreciseBnException>(() => BnModel.Of(model).Measure(BatchSource.Of([input])));

        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, model.Bn.running_mean!.item<float>());
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("b", "a")]
    [InlineData("d", "c")]
    [InlineData("e", "e")]
    public void Layers_with_statistics_in_one_place_are_refused_by_name(string layer, string other)
    {
        using var model = new Sharing();

        var error = Assert.Throws<PreciseBnException>(() => BnModel.Of(model).Only(layer).Measure(new EnumerableBatchSource(_data, [])));

        Assert.Equal("SharedStatistics", error.ErrorId);
        Assert.Contains($"'{layer}'", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{other}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_that_are_not_registered_are_named_and_stay_as_they_are()
    {
        using var model = new Holding();

        using var vectors = randn(6, 3);

        var measured = BnModel.Of(model);
        var statistics = measured.Measure(new EnumerableBatchSource(new[] { vectors }, [])).Statistics;

        Assert.Equal("bn", Assert.Single(statistics).Name);
        Assert.Equal(["_list[0]", "_map[x].0"], measured.UnaccountedCalls.Select(call => call.Split('\'')[1]));
        Assert.All(model.Held, layer => Assert.Equal([0, 0, 0], layer.running_mean!.data<float>().ToArray()));
    }

    public void Dispose()
    {
        _model.Dispose();
        foreach (var batch in _data)
            batch.Dispose();
    }

    private BatchNorm Layer(string name) => (BatchNorm)_model.named_modules().Single(item => item.name == name).module;

    private sealed class Counting : nn.Module<Tensor, Tensor>
    {
        private readonly BatchNorm1d _bn = nn.BatchNorm1d(1);

        public Counting()
            : base(nameof(Counting))
        {
            register_buffer("count", zeros(1));
            register_module("bn", _bn);
        }

        public override Tensor forward(Tensor input)
        {
            var count = get_buffer("count")!;
            count.add_(ones(1));
            return _bn.call((input * count) + (ones(1) * 100));
        }
    }

    /// <summary>A model whose code sets the modes of its layers, and a momentum.</summary>
    private sealed class Switching : nn.Module<Tensor, Tensor>
    {
        public Switching()
            : base(nameof(Switching))
        {
            register_module("first", First);
            register_module("second", Second);
        }

        public BatchNorm1d First { get; } = nn.BatchNorm1d(1);

        public BatchNorm1d Second { get; } = nn.BatchNorm1d(1);

        public override Tensor forward(Tensor input)
        {
            First.eval();
            var hidden = First.call(input);
            First.train();
            Second.momentum = 0.01;
            using var three = tensor(new[] { 3f });
            return Second.call(hidden + hidden + three);
        }
    }

    /// <summary>Two layers with the same tensors, two with parts of one, and one whose mean and variance overlap.</summary>
    private sealed class Sharing : nn.Module<Tensor, Tensor>
    {
        public Sharing()
            : base(nameof(Sharing))
        {
            var (a, b, c, d, e) = (nn.BatchNorm1d(3), nn.BatchNorm1d(3), nn.BatchNorm1d(3), nn.BatchNorm1d(3), nn.BatchNorm1d(3));
            (b.running_mean, b.running_var) = (a.running_mean, a.running_var);
            using var numbers = ones(10);
            (c.running_var, d.running_mean) = (numbers.narrow(0, 0, 3), numbers.narrow(0, 2, 3));
            (e.running_mean, e.running_var) = (numbers.narrow(0, 5, 3), numbers.narrow(0, 7, 3));
            foreach (var (layer, name) in new[] { a, b, c, d, e }.Zip("abcde"))
                register_module($"{name}", layer);
        }

        public override Tensor forward(Tensor input) => input;
    }

    /// <summary>A model that has layers in a list and in a dictionary.</summary>
    private sealed class Holding : nn.Module<Tensor, Tensor>
    {
        private readonly List<BatchNorm1d> _list = [nn.BatchNorm1d(3)];
        private readonly Dictionary<string, Sequential> _map = new() { ["x"] = nn.Sequential(nn.BatchNorm1d(3)) };
        private readonly BatchNorm1d _bn = nn.BatchNorm1d(3);

        public Holding()
            : base(nameof(Holding)) => register_module("bn", _bn);

        public IEnumerable<BatchNorm> Held => [_list[0], (BatchNorm)_map["x"][0]];

        public override Tensor forward(Tensor input) => _bn.call(_map["x"].call(_list[0].call(input)));
    }

    /// <summary>A model that normalises without calling its layer.</summary>
    private sealed class Unseen : nn.Module<Tensor, Tensor>
    {
        private readonly string _way;

        public Unseen(string way)
            : base(nameof(Unseen))
        {
            _way = way;
            register_module("bn", Bn);
        }

        public BatchNorm1d Bn { get; } = nn.BatchNorm1d(1);

        public Tensor ByForward(Tensor input) => Bn.forward(input);

        public Tensor ByFunction(Tensor input) => nn.functional.batch_norm(input, Bn.running_mean!, Bn.running_var!, training: Bn.training);

        public Tensor ByFunctionInEvaluation(Tensor input) => nn.functional.batch_norm(input, Bn.running_mean!, Bn.running_var!, training: false);

        public override Tensor forward(Tensor input) => _way switch
        {
            nameof(ByForward) => ByForward(input),
            nameof(ByFunction) => ByFunction(input),
            _ => ByFunctionInEvaluation(input),
        };
    }

    private sealed class Reading : nn.Module<Tensor, Tensor>
    {
        private readonly BatchNorm1d _bn = nn.BatchNorm1d(1);
        private readonly BatchNorm1d _behind = nn.BatchNorm1d(1);
        private readonly bool _isCallEmpty;

        public Reading(bool isCallEmpty)
            : base(nameof(Reading))
        {
            _isCallEmpty = isCallEmpty;
            register_module("bn", _bn);
            register_module("behind", _behind);
            using var gradients = no_grad();
            _bn.running_mean!.copy_(tensor(new[] { 5f }));
        }

        public override Tensor forward(Tensor input)
        {
            _bn.call(_isCallEmpty ? input.narrow(0, 0, 0) : input);
            return _behind.call(cat([input + _bn.running_mean!]));
        }
    }

    private sealed class OwnNorm : nn.Module<Tensor, Tensor>
    {
        public OwnNorm()
            : base(nameof(OwnNorm))
        {
            register_buffer("stored_mean", zeros(3));
            register_buffer("stored_var", ones(3));
        }

        public override Tensor forward(Tensor input) => nn.functional.batch_norm(input, get_buffer("stored_mean"), get_buffer("stored_var"));
    }
}
