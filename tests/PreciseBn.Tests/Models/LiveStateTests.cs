using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Whatever the code of a model in memory does to itself while it runs, the model is what it was afterwards, bit for bit.</summary>
public sealed class LiveStateTests : IDisposable
{
    private static readonly double[] Numbers = [1, 2, 4, 8, 3, 7];

    private readonly Changing _model = new();
    private readonly Tensor _batch = tensor(Numbers, ScalarType.Float32).reshape(6, 1);

    public enum Way
    {
        Plain,
        Exact,
        Shard,
        Evaluation,
        Agreement,
        Failure,
        Cancellation,
    }

    [Fact]
    public void A_model_without_parameters_and_buffers_is_in_its_mode_again()
    {
        using var model = nn.Sequential(("drop", nn.Dropout(0.5)));
        model.train();

        BnEvaluator.Measure([BnModel.Of(model)], BatchSource.Of([_batch]), new() { Metric = (output, _) => [output.numel()] });

        Assert.True(model.training);
        Assert.All(model.named_modules(), item => Assert.True(item.module.training));
    }

    [Theory]
    [InlineData(Way.Plain)]
    [InlineData(Way.Exact)]
    [InlineData(Way.Shard)]
    [InlineData(Way.Evaluation)]
    [InlineData(Way.Agreement)]
    [InlineData(Way.Failure)]
    [InlineData(Way.Cancellation)]
    public void Parameters_buffers_and_modes_are_what_they_were(Way way)
    {
        var before = State();
        var tensors = Tensors().ToArray();

        Run(way);

        Assert.Equal(before, State());
        // TorchSharp disposes of a weight that another is assigned for, and the code of the model of what it replaces.
        Assert.All(tensors.Zip(Tensors()).Where(pair => !pair.First.Tensor.IsInvalid), pair => Assert.Same(pair.First.Tensor, pair.Second.Tensor));
        Assert.Equal(["last.weight"], tensors.Where(item => item.Tensor.IsInvalid).Select(item => item.Name));
        Assert.Same(_model.get_parameter("scale"), _model.Scale);
        Assert.True(_model.get_parameter("last.weight")!.requires_grad);
        Assert.Same(_model.get_parameter("last.weight"), _model.Last.weight);
    }

    // A mean that is far from 0 has the first batch run again.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Each_batch_is_run_with_what_the_ones_before_have_left(bool isExact)
    {
        var statistics = BnModel.Of(_model).Measure(new EnumerableBatchSource(new[] { _batch, _batch }, []), new() { Exact = isExact }).Statistics;

        var seen = Numbers.Select(number => (number * 2) + 100).Concat(Numbers.Select(number => (number * 4) + 100)).ToArray();
        Assert.Equal(seen.Average(), statistics[0].Mean[0], 1e-4);
        Assert.Equal(seen.Average(value => (value - seen.Average()) * (value - seen.Average())), statistics[0].Variance[0], 1e-3);
    }

    public void Dispose()
    {
        _model.Dispose();
        _batch.Dispose();
    }

    private void Run(Way way)
    {
        using var model = BnModel.Of(_model);
        using var bad = full([6, 1], double.NaN, ScalarType.Float32);
        var data = new EnumerableBatchSource(new[] { _batch, _batch }, []);
        using var stop = new CancellationTokenSource();
        switch (way)
        {
            case Way.Shard:
                model.MeasureShard(data, new() { DataName = "data" });
                break;
            case Way.Evaluation:
                BnEvaluator.Measure([model], data, new() { Metric = (output, _) => [output.numel()] });
                break;
            case Way.Agreement:
                BnEvaluator.MeasureAgreement([model], data);
                break;
            case Way.Failure:
                Assert.Throws<PreciseBnException>(() => model.Measure(new EnumerableBatchSource(new[] { _batch, bad }, [])));
                break;
            case Way.Cancellation:
                Assert.Throws<OperationCanceledException>(() => model.Measure(data, progress: new Recorder(_ => stop.Cancel()), cancellation: stop.Token));
                break;
            default:
                model.Measure(data, new() { Exact = way == Way.Exact });
                break;
        }
    }

    private IEnumerable<(string Name, Tensor Tensor)> Tensors() => _model.named_parameters().Select(item => (item.name, (Tensor)item.parameter))
        .Concat(_model.named_buffers()).Append(("hidden", _model.get_buffer("hidden")!));

    private string[] State() =>
    [
        .. Tensors().Select(item => $"{item.Name} {item.Tensor.requires_grad} {Convert.ToHexString(item.Tensor.detach().bytes)}"),
        .. _model.named_modules().Prepend(("", _model)).Select(item => $"{item.Item1} {item.Item2.training}"),
        .. _model.named_modules().Select(item => item.module).OfType<NormBase>().Select(norm => $"{norm.momentum} {norm.eps}"),
    ];

    /// <summary>A model that changes all of itself in each pass, and has numbers that are equal although their bits differ.</summary>
    private sealed class Changing : nn.Module<Tensor, Tensor>
    {
        private readonly Sequential _shared = nn.Sequential(nn.Dropout(0));
        private readonly Sequential _holder;
        private readonly Parameter _unused = new(tensor(new[] { 0f, float.NaN, 5f }));

        public Changing()
            : base(nameof(Changing))
        {
            _holder = nn.Sequential(_shared);
            register_parameter("scale", Scale);
            register_parameter("unused", _unused);
            register_buffer("hidden", Hidden, persistent: false);
            register_module("first", First);
            register_module("last", Last);
            register_module("shared", _shared);
            register_module("holder", _holder);
            _shared.eval();
        }

        public Parameter Scale { get; private set; } = new(ones(1));

        public Tensor Hidden { get; } = zeros(1);

        public BatchNorm1d First { get; } = nn.BatchNorm1d(1, momentum: 0.3, eps: 0.001);

        public BatchNorm1d Last { get; } = nn.BatchNorm1d(1);

        public override Tensor forward(Tensor input)
        {
            using (no_grad())
            {
                Scale.mul_(tensor(2f));
                _unused.neg_();
                Hidden.add_(ones(1));
                Last.weight = new Parameter(full(1, 3f));
            }
            foreach (var layer in new[] { First, Last })
            {
                layer.momentum = 0.7;
                layer.eps = 1;
            }
            _holder.train();
            eval();
            return Last.call(First.call((input * Scale) + tensor(100f)));
        }
    }
}
