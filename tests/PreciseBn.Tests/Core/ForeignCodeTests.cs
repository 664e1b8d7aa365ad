using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Code of the caller's runs in none of our scopes: what it keeps stays usable, and what it replaces is put back.</summary>
[Collection(AloneCollection.Name)]
public sealed class ForeignCodeTests
{
    private static readonly float[] Values = [1, 2, 3, 4];

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void What_a_live_model_and_its_hooks_keep_stays_usable(bool isExact, bool isOwned)
    {
        using var model = new Network();
        var ofHooks = new List<Tensor>();
        model.First.register_forward_pre_hook((_, input) =>
        {
            ofHooks.Add(input);
            return input;
        });
        model.First.register_forward_hook((_, _, output) =>
        {
            ofHooks.Add(output);
            return output;
        });

        BnModel.Of(model).Measure(Data(isOwned), new() { Exact = isExact });

        Assert.NotEmpty(model.Kept);
        Assert.All(model.Kept.Concat(ofHooks), tensor => Assert.False(tensor.IsInvalid));
        Assert.Equal(Values, model.Kept[0].data<float>());
        Assert.All(ofHooks, tensor => Assert.Equal(4, tensor.numel()));
    }

    [Fact]
    public void Buffers_that_a_live_model_replaces_are_the_same_tensors_with_the_same_content_afterwards()
    {
        using var model = new Network();
        var buffers = model.named_buffers().Select(item => (item.name, item.buffer, Numbers: Numbers(item.buffer))).ToArray();

        BnModel.Of(model).Measure(Data(), new());
        BnEvaluator.Measure([BnModel.Of(model)], BatchSource.From([randn(4, 1)], item => [item]), new() { Metric = (_, _) => [1] });

        Assert.Equal(buffers.Select(item => item.name), model.named_buffers().Select(item => item.name));
        Assert.All(buffers, item => Assert.Equal(item.Numbers, Numbers(model.get_buffer(item.name)!)));
        // TorchSharp disposes of the running mean that another is assigned for.
        Assert.Equal(["disposed", "instance.running_mean"], buffers.Where(item => item.buffer.IsInvalid).Select(item => item.name));
        Assert.All(buffers.Where(item => !item.buffer.IsInvalid), item => Assert.Same(item.buffer, model.get_buffer(item.name)));
        Assert.Same(model.get_buffer("seen"), model.Seen);
        Assert.Same(model.get_buffer("disposed"), model.Disposed);
        Assert.Same(model.get_buffer("instance.running_mean"), model.Instance.running_mean);
        Assert.DoesNotContain("hidden", model.state_dict().Keys);
    }

    [Fact]
    public void Data_transforms_selectors_metrics_and_progress_run_in_the_modes_of_the_caller_and_keep_what_they_like()
    {
        var kept = new List<Tensor>();
        var modes = new HashSet<(bool, bool)>();
        Tensor Keep(Tensor tensor)
        {
            modes.Add((is_grad_enabled(), is_inference_mode_enabled()));
            kept.Add(tensor);
            return tensor;
        }

        IEnumerable<Tensor> Items()
        {
            for (var i = 0; i < 2; i++)
                yield return Keep(tensor(Values).reshape(4, 1) * (i + 1));
        }

        async IAsyncEnumerable<Tensor> Arriving()
        {
            foreach (var item in Items())
            {
                await Task.CompletedTask;
                yield return item;
            }
        }

        using var network = new Network();
        using var model = BnModel.Of(network);
        using var loader = BnDataLoader.FromObjects([tensor(Values).reshape(4, 1)], new()
        {
            BatchSize = 2,
            Transform = new BatchTransform("", batch => Keep(Keep((Tensor)batch) + 1)),
        });
        var options = new AccuracyOptions
        {
            Metric = (output, labels) => [Keep(Keep(output) + 1).sum().item<float>() + (labels is null ? 0 : Keep(labels).numel())],
        };

        model.Measure(BatchSource.From(Items(), item => [Keep(item + 1)]), new() { Exact = true });
        model.Measure(BatchSource.FromAsync(Arriving()), new());
        model.Measure(loader, new(), new Recorder(_ => Keep(zeros(1))));
        BnEvaluator.Measure([model], BatchSource.From(Items(), item => [item], labels: item => Keep(item.flatten())), options);
        BnEvaluator.Measure([model], loader, options);

        Assert.Equal([(true, false)], modes);
        Assert.All(kept, tensor => Assert.False(tensor.IsInvalid));
        Assert.All(kept, tensor => Assert.True(double.IsFinite(tensor.sum().item<float>())));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void A_live_model_and_its_hooks_run_in_the_mode_of_the_caller_and_build_no_graph(bool tracksGradients, bool isExact)
    {
        using var model = new Network();
        var seen = new HashSet<(bool, bool)>();
        model.First.register_forward_pre_hook((_, input) =>
        {
            seen.Add((is_grad_enabled(), input.requires_grad));
            return input;
        });
        model.First.register_forward_hook((_, _, output) =>
        {
            seen.Add((is_grad_enabled(), output.requires_grad));
            return output;
        });
        using var differentiable = tensor(Values).reshape(4, 1).requires_grad_();

        using (set_grad_enabled(tracksGradients))
        {
            BnModel.Of(model).Measure(BatchSource.Of([differentiable, differentiable]), new() { Exact = isExact });
            BnEvaluator.Measure([BnModel.Of(model)], BatchSource.Of([differentiable]), new() { Metric = (_, _) => [1] });
            BnEvaluator.MeasureAgreement([BnModel.Of(model)], BatchSource.Of([differentiable]));
        }

        Assert.Equal([(tracksGradients, false)], seen);
        Assert.All(model.Kept, tensor => Assert.False(tensor.requires_grad));
        Assert.All(model.parameters(), parameter => Assert.True(parameter.requires_grad));
        Assert.Equal([(tracksGradients, false)], model.Modes);
    }

    [Fact]
    public void Parameters_ask_for_gradients_again_when_a_live_model_fails()
    {
        using var model = nn.Sequential(("fc", nn.Linear(1, 2)), ("bn", nn.BatchNorm1d(2)), ("wrong", nn.Linear(3, 1)));
        model.get_parameter("fc.bias")!.requires_grad = false;

        Assert.Throws<PreciseBnException>(() => BnModel.Of(model).Measure(Data()));

        Assert.Equal(["fc.bias"], model.named_parameters().Where(named => !named.parameter.requires_grad).Select(named => named.name));
    }

    [Fact]
    public void A_scope_of_the_caller_has_what_its_code_makes()
    {
        using var network = new Network();
        using var scope = NewDisposeScope();

        BnModel.Of(network).Measure(Data(), new());

        Assert.All(network.Kept.Where((_, index) => index % Network.KeptOfBatch > 0), tensor => Assert.True(scope.Contains(tensor)));
    }

    [Fact]
    public void What_nobody_keeps_is_freed_before_it_is_too_much()
    {
        const int Batches = 200;
        const int Megabyte = 1 << 20;
        using var images = zeros(1, 1, 512, 512);
        using var loader = BnDataLoader.FromObjects(Enumerable.Repeat((object)images, Batches).ToArray(), new()
        {
            AsBatches = true,
            Transform = new BatchTransform("", batch => ((Tensor)batch).add(1).mul(2).sub(1)),
        });
        var most = 0L;

        foreach (var batch in loader.Read())
        {
            batch.Dispose();
            most = Math.Max(most, Environment.WorkingSet);
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        // Three tensors of a megabyte a batch.
        Assert.InRange(most - Environment.WorkingSet, long.MinValue, 400L * Megabyte);
    }

    private static IBatchSource Data(bool isOwned = false) => BatchSource.Of(
        [tensor(Values).reshape(4, 1), tensor(Values).reshape(4, 1) * 2], isOwned ? TensorOwnership.Batch : TensorOwnership.Caller);

    private static float[] Numbers(Tensor tensor)
    {
        using var numbers = tensor.to(ScalarType.Float32);
        return numbers.data<float>().ToArray();
    }

    private sealed class Network : nn.Module<Tensor, Tensor>
    {
        /// <summary>What it keeps of a batch: its input, and two tensors that it makes.</summary>
        public const int KeptOfBatch = 3;

        private readonly BatchNorm1d _last = nn.BatchNorm1d(1);
        private Tensor _hidden = ones(1);

        public Network()
            : base(nameof(Network))
        {
            register_buffer("seen", Seen);
            register_buffer("disposed", Disposed);
            register_buffer("renewed", zeros(1));
            register_buffer("hidden", _hidden, persistent: false);
            register_module("first", First);
            register_module("last", _last);
            register_module("instance", Instance);
        }

        public BatchNorm1d First { get; } = nn.BatchNorm1d(1);

        public InstanceNorm1d Instance { get; } = nn.InstanceNorm1d(1, track_running_stats: true);

        public List<Tensor> Kept { get; } = [];

        public HashSet<(bool TracksGradients, bool IsDifferentiable)> Modes { get; } = [];

        public Tensor Seen { get; private set; } = zeros(1);

        public Tensor Disposed { get; private set; } = full(1, 7f);

        public override Tensor forward(Tensor input)
        {
            Modes.Add((is_grad_enabled(), input.requires_grad));
            Seen = Seen + 1;
            _hidden = _hidden * 2;
            Disposed.Dispose();
            Disposed = zeros(1);
            ConditionallyRegisterBuffer("renewed", ones(1));
            Instance.running_mean = ones(1);
            Kept.Add(input);
            Kept.Add(input + 1);
            var output = First.call(input);
            Kept.Add(output);
            return _last.call(output);
        }
    }
}
