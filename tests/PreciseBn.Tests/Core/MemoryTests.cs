using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Models.Live;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Neither batches nor models leave memory behind.</summary>
[Collection(AloneCollection.Name)]
public sealed class MemoryTests : IDisposable
{
    private const long Tolerance = 8 << 20;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_thousand_batches_leave_no_tensors_and_no_memory_behind()
    {
        using var input = randn(2, 3, 8, 8);
        var path = _folder.Copy("dict-out.scripted.pt");
        long memoryAfterHundred = 0, tensorsAfterHundred = 0, memoryAfterAll = 0, tensorsAfterAll = 0;
        IEnumerable<object?> Batches()
        {
            for (var i = 1; i <= 1000; i++)
            {
                if (i == 100)
                    (memoryAfterHundred, tensorsAfterHundred) = (Resident(), Tensor.TotalCount);
                if (i == 1000)
                    (memoryAfterAll, tensorsAfterAll) = (Resident(), Tensor.TotalCount);
                yield return input;
            }
        }

        Runs.Update(path, new EnumerableBatchSource(Batches(), []), Runs.With(1000));

        Assert.InRange(tensorsAfterAll - tensorsAfterHundred, -50, 50);
        Assert.InRange(memoryAfterAll - memoryAfterHundred, long.MinValue, Tolerance);
    }

    [Fact]
    public void A_thousand_batches_that_models_are_judged_by_leave_nothing_behind()
    {
        using var images = randn(2, 1, 28, 28);
        using var labels = zeros(2);
        long memoryAfterHundred = 0, tensorsAfterHundred = 0, memoryAfterAll = 0, tensorsAfterAll = 0;
        IEnumerable<object?> Batches()
        {
            for (var i = 1; i <= 1000; i++)
            {
                if (i == 100)
                    (memoryAfterHundred, tensorsAfterHundred) = (Resident(), Tensor.TotalCount);
                if (i == 1000)
                    (memoryAfterAll, tensorsAfterAll) = (Resident(), Tensor.TotalCount);
                yield return new[] { images, labels };
            }
        }
        using var script = BnModel.Open(Fixtures.Path("digits.scripted.pt"));
        using var program = BnModel.Open(Fixtures.Path("digits.exported-2.14.pt2"));

        BnEvaluator.Measure([script, program], new EnumerableBatchSource(Batches(), [], "1"));

        Assert.InRange(tensorsAfterAll - tensorsAfterHundred, -50, 50);
        Assert.InRange(memoryAfterAll - memoryAfterHundred, long.MinValue, Tolerance);
    }

    [Fact]
    public void Batches_of_images_that_come_to_nothing_leave_no_tensors_behind()
    {
        foreach (var side in new[] { 2, 3 })
            Png.Write(_folder.File($"{side}.png"), side, side, Png.Grey8, new byte[side * (side + 1)]);
        using var images = BnDataLoader.FromFiles([_folder.Path], new());
        void Repeat(int times)
        {
            for (var i = 0; i < times; i++)
                Assert.Equal("ImageSizesDiffer", Assert.Throws<PreciseBnException>(() => images.Read().Count()).ErrorId);
        }

        Repeat(1);
        var before = Tensor.TotalCount;
        Repeat(20);

        Assert.InRange(Tensor.TotalCount - before, long.MinValue, 10);
    }

    [Fact]
    public void Looking_for_shared_statistics_leaves_no_tensors_behind()
    {
        using var module = nn.Sequential(("a", nn.BatchNorm1d(3)), ("b", nn.BatchNorm1d(3, dtype: ScalarType.Float64)));
        var layers = BnModel.Of(module).Layers;
        var before = Tensor.TotalCount;

        for (var i = 0; i < 20; i++)
            Assert.Null(SharedStatistics.Find(layers, layers));

        Assert.InRange(Tensor.TotalCount - before, long.MinValue, 5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Measuring_a_model_in_memory_leaves_no_tensors_behind(bool isExact)
    {
        using var module = new Tidy();
        using var model = BnModel.Of(module);
        using var input = randn(6, 3);
        void Repeat(int times)
        {
            for (var i = 0; i < times; i++)
            {
                model.Update(BatchSource.Of([input, input]), new() { Exact = isExact });
                BnEvaluator.MeasureAgreement([model], BatchSource.Of([input]));
                if (!isExact)
                    model.MeasureShard(BatchSource.Of([input, input]), new() { DataName = "data" });
            }
        }

        Repeat(1);
        var before = Tensor.TotalCount;
        Repeat(10);

        Assert.InRange(Tensor.TotalCount - before, long.MinValue, 0);
    }

    [Theory]
    [InlineData("digits.scripted.pt")]
    [InlineData("digits.exported-2.6.pt2")]
    public void Models_that_are_done_with_leave_nothing_behind(string model)
    {
        using var input = randn(2, 1, 28, 28);
        var path = _folder.Copy(model);
        void Repeat(int times)
        {
            for (var i = 0; i < times; i++)
                Runs.Update(path, new EnumerableBatchSource([input], []), Runs.With(1));
        }

        Repeat(20);
        var before = Resident();
        Repeat(100);

        // With references to the models left behind it is 300 MB, with what is compiled of a program 100 MB.
        Assert.InRange(Resident() - before, long.MinValue, 4 * Tolerance);
    }

    [Fact]
    public void Tensors_that_a_caller_gave_stay_the_callers()
    {
        using var input = randn(2, 3, 8, 8);
        var path = _folder.Copy("dict-out.scripted.pt");

        Runs.Update(path, new EnumerableBatchSource([input, input], []));

        Assert.False(input.IsInvalid);
        Assert.Equal(384, input.numel());
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A model that disposes of all that it is given and makes.</summary>
    private sealed class Tidy : nn.Module<Tensor, Tensor>
    {
        private readonly BatchNorm1d _first = nn.BatchNorm1d(3);
        private readonly BatchNorm1d _last = nn.BatchNorm1d(3);
        private Tensor? _output;

        public Tidy()
            : base(nameof(Tidy))
        {
            register_module("first", _first);
            register_module("last", _last);
        }

        public override Tensor forward(Tensor input)
        {
            using (input)
            using (var hidden = _first.call(input))
            {
                _output?.Dispose();
                return _output = _last.call(hidden);
            }
        }
    }

    // Without what .NET keeps for later: after many other tests that is more than what is looked for.
    private static long Resident()
    {
        Collect();
        GC.WaitForPendingFinalizers();
        Collect();
        return Environment.WorkingSet;

        static void Collect() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
