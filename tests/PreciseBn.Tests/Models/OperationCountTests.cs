using System.Text.Json;
using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Models.Compiled;
using PreciseBn.Models.Live;
using PreciseBn.Models.TorchScript;
using PreciseBn.Statistics;
using PreciseBn.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>
/// What observing costs in operations, for a network of 53 layers as ResNet-50 has them: on a GPU each is a kernel to launch,
/// and each number that the host asks for is a wait.
/// </summary>
public sealed class OperationCountTests : IDisposable
{
    private const int Layers = 53;
    private const string Model = "deep.scripted.pt";

    private readonly TemporaryFolder _folder = new();

    // Whatever the host does with a layer needs that layer's part of a tensor, and TorchSharp counts the tensors made.
    [Fact]
    public void The_host_does_no_more_for_many_layers_than_for_one()
    {
        const int Batches = 256;
        var ofOne = HostOperations(1, Batches);
        var ofAll = HostOperations(Layers, Batches);

        Assert.Equal(ofOne, ofAll);
        Assert.InRange(ofAll, Batches, 4 * Batches);
    }

    [Fact]
    public void What_batches_of_a_live_model_have_in_common_goes_to_its_device_once()
    {
        const int Batches = 64;

        Assert.Equal(LiveHostOperations(4, 4, Batches) + Batches, LiveHostOperations(4, 5, Batches));
    }

    // A device that is named is enough for it: the tensors of this test are on the processor.
    [Fact]
    public void What_is_observed_on_a_device_is_read_once_in_many_batches_and_is_the_same()
    {
        const int ReadAtOnce = 32, Batches = (2 * ReadAtOnce) + 5;
        var layout = new ObservationLayout([1]);
        using var onHost = new MomentAccumulator(layout, CPU, new());
        using var onDevice = new MomentAccumulator(layout, new Device(DeviceType.CUDA, 0), new());
        var random = new Random(1);
        for (var batch = 1; batch <= Batches; batch++)
        {
            using var observation = Observations.Of(random.NextDouble(), random.NextDouble(), 12, ScalarType.Float64);

            Assert.Null(onHost.Add(observation));
            Assert.Null(onDevice.Add(observation));

            Assert.Equal(batch / ReadAtOnce * ReadAtOnce, onDevice.Read(null).Layers[0].Batches);
        }
        Assert.Null(onDevice.Merge());

        Assert.Equal(onHost.Read(null).Layers[0].Table.Values, onDevice.Read(null).Layers[0].Table.Values);
    }

    [PythonFact]
    public void The_model_does_one_small_addition_a_layer_and_never_waits()
    {
        var (issued, waits) = ProfileObservation(StatisticsMark.Observed);

        Assert.Equal(["aten::add_", "aten::as_strided", "aten::batch_norm", "aten::split_with_sizes", "aten::stride"], issued.Keys.Order());
        Assert.Equal(Layers, issued["aten::batch_norm"]);
        Assert.Equal(Layers, issued["aten::add_"]);
        Assert.Equal(0, waits);
    }

    // Those that run twice, have means far from 0, or are normalised by what was measured.
    [PythonFact]
    public void Nor_does_it_wait_where_layers_are_no_usual_ones() => Assert.Equal(0, ProfileObservation(StatisticsMark.Checked).Waits);

    // A call takes more than a microsecond, and each module of a model is one.
    [PythonFact]
    public void The_model_calls_what_observes_a_layer_and_all_else_is_inlined()
    {
        var calls = JsonSerializer.Deserialize<Dictionary<string, int>>(RunInstrumented(StatisticsMark.Observed, $"""
            untouched = memory.clone()
            model.{ScriptInlining.Method}(data)
            assert memory.equal(untouched)
            with torch.jit.optimized_execution(False):
                model.{ScriptInstrumentation.ObserveMethod}(data)
            graph = torch.jit.last_executed_optimized_graph()
            print(json.dumps(collections.Counter(node.kind() for node in graph.nodes() if 'Call' in node.kind())))
            """)[0])!;

        Assert.Equal(new Dictionary<string, int> { ["prim::CallMethod"] = Layers }, calls);
    }

    [Theory]
    [InlineData("deep.scripted.pt", true, true)]
    [InlineData("deep.scripted.pt", false, false)]
    [InlineData("places/forked.script.pt", true, false)]
    public void Only_long_runs_are_inlined_and_nothing_that_runs_at_the_same_time(string model, bool isLong, bool isInlined)
    {
        using var file = (TorchScriptFile)ModelFile.Open(Fixtures.Path(model));

        Assert.Equal(isInlined, file.Instrument(file.Layers, new() { IsLong = isLong }, "cpu").IsInlined);
    }

    public void Dispose() => _folder.Dispose();

    private static long HostOperations(int layers, int batches)
    {
        using var inference = inference_mode();
        using var file = ModelFile.Open(Fixtures.Path(Model));
        using var model = file.Load(file.Layers.Take(layers).ToArray(), new(), CPU);
        using var input = randn(4, 1);
        using var batch = new Batch([input], isOwned: false);
        model.Observe(batch);
        using var moments = new MomentAccumulator(model.Layout, model.Device, model.Rules);
        var before = TensorsMade();
        for (var i = 0; i < batches; i++)
            moments.Add(model.Observe(batch));
        return TensorsMade() - before;
    }

    private static long LiveHostOperations(int size, int otherSize, int batches)
    {
        using var gradients = no_grad();
        using var layer = nn.BatchNorm1d(3);
        using var model = new LiveModel(layer).Load([""], new(), CPU);
        using var batch = new Batch([randn(size, 3)], isOwned: true);
        using var other = new Batch([randn(otherSize, 3)], isOwned: true);
        model.Observe(batch);
        model.Observe(other);
        var before = TensorsMade();
        for (var i = 0; i < batches; i++)
            model.Observe(i % 2 == 0 ? batch : other);
        return TensorsMade() - before;
    }

    private static long TensorsMade()
    {
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        return statistics.CreatedInScopeCount + statistics.CreatedOutsideScopeCount;
    }

    /// <summary>The operators that the model itself calls, how often, and how often any asks for a number.</summary>
    private (Dictionary<string, int> Issued, int Waits) ProfileObservation(StatisticsMark mark)
    {
        var lines = RunInstrumented(mark, $"""
            with torch.inference_mode(), torch.autograd.profiler.profile() as profile:
                model.{ScriptInstrumentation.ObserveMethod}(data)
            operators = [event for event in profile.function_events if event.name.startswith('aten::')]
            print(json.dumps(collections.Counter(event.name for event in operators if event.cpu_parent not in operators)))
            print(sum(event.name == 'aten::_local_scalar_dense' for event in operators))
            """);
        return (JsonSerializer.Deserialize<Dictionary<string, int>>(lines[0])!, int.Parse(lines[1]));
    }

    /// <summary>What Python prints that has the instrumented model, the memory of its statistics and a batch.</summary>
    private string[] RunInstrumented(StatisticsMark mark, string code)
    {
        var path = _folder.File("instrumented.pt");
        var (exitCode, output, errors) = Tool.Run(PythonFactAttribute.Interpreter, "-c", $"""
            import collections, json, sys, torch
            model = torch.jit.load(sys.argv[1])
            places = json.loads(sys.argv[2])
            memory = torch.zeros(places[0])
            for statistics, place in zip(model.{ScriptInstrumentation.StatisticsMethod}(), places[1]):
                statistics.set_(memory.as_strided(*place))
            data = torch.randn(4, 1)
            {code.ReplaceLineEndings("\n")}
            """, path, WriteInstrumented(path, mark));
        Assert.True(exitCode == 0, errors);
        return output.Split('\n');
    }

    /// <returns>How much memory the statistics take, and where in it they are to lie.</returns>
    private static string WriteInstrumented(string path, StatisticsMark mark)
    {
        using var file = (TorchScriptFile)ModelFile.Open(Fixtures.Path(Model));
        using var output = File.Create(path);
        var instrumentation = file.Instrument(file.Layers, new() { IsLong = true }, "cpu");
        instrumentation.Write(output);
        var places = instrumentation.Layout.Buffers.Select(buffer => instrumentation.Layout.ViewOf(buffer, mark));
        return JsonSerializer.Serialize(new object[]
        {
            instrumentation.Layout.Size, places.Select(place => new object[] { place.Shape, place.Strides, place.Offset }),
        });
    }
}
