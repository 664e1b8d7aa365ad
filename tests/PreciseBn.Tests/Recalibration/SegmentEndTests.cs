using PreciseBn.Data;
using PreciseBn.Recalibration;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>However a measurement in segments ends, nothing of what it has kept is left.</summary>
[Collection(AloneCollection.Name)]
public sealed class SegmentEndTests : IDisposable
{
    private readonly Tensor _images = randn(4, 3, 8, 8);

    [Fact]
    public void Tensors_are_gone_when_it_was_cancelled()
    {
        using var source = new CancellationTokenSource();
        var before = Tensor.TotalCount;

        Assert.Throws<OperationCanceledException>(() => Measure(memory: 20_000, report =>
        {
            if (report is { Pass: 3, Batches: 2 })
                source.Cancel();
        }, source.Token));

        Assert.InRange(Tensor.TotalCount - before, long.MinValue, 50);
    }

    // A mean that is far from 0 has the first batch of a segment run again.
    [Theory]
    [InlineData(1, 1000)]
    [InlineData(3, 0)]
    [InlineData(3, 1000)]
    public void However_often_it_ends_so_no_tensors_are_left(int pass, int mean)
    {
        using var far = randn(4, 3, 8, 8).add(mean);
        void Repeat(int times)
        {
            for (var i = 0; i < times; i++)
                Assert.Throws<InvalidOperationException>(() => Measure(memory: 1 << 20, report =>
                {
                    if ((report.Pass, report.Batches) == (pass, 2))
                        throw new InvalidOperationException();
                }, images: far));
        }

        Repeat(1);
        var before = Tensor.TotalCount;
        Repeat(10);

        Assert.InRange(Tensor.TotalCount - before, long.MinValue, 5);
    }

    [Fact]
    public void A_part_of_a_larger_tensor_does_not_keep_all_of_it()
    {
        using var large = arange(1000, ScalarType.Float32).reshape(100, 10);
        using var kept = new KeptBatches("model", new KeptMemory(1000));

        kept.Add([large.narrow(0, 50, 2)], null);

        using var batch = kept.Read(default).Single();
        using var scope = NewDisposeScope();
        Assert.Equal(20, batch.Inputs[0].storage<float>().Count);
        Assert.Equal(Enumerable.Range(500, 20).Select(i => (float)i), batch.Inputs[0].data<float>());
    }

    [LinuxFact("files without a name")]
    public void The_temporary_files_are_closed()
    {
        var before = TemporaryFiles().ToHashSet();
        int OpenTemporaryFiles() => TemporaryFiles().Count(file => !before.Contains(file));
        var most = 0;
        void MeasureUntil(int pass) => Measure(memory: 0, report =>
        {
            most = Math.Max(most, OpenTemporaryFiles());
            if (report.Pass == pass)
                throw new InvalidOperationException();
        });

        MeasureUntil(pass: 99);
        Assert.Equal(0, OpenTemporaryFiles());
        Assert.Throws<InvalidOperationException>(() => MeasureUntil(pass: 3));

        Assert.Equal(0, OpenTemporaryFiles());
        // That of the segment before, and that of the next.
        Assert.Equal(2, most);
    }

    public void Dispose() => _images.Dispose();

    private void Measure(long memory, Action<MeasureProgress> onReport, CancellationToken cancellation = default, Tensor? images = null) => Runs.Measure(
        Runs.Read(Fixtures.Path("segments/residual-2.6.pt2")).Layers, new EnumerableBatchSource(Enumerable.Repeat(images ?? _images, 3), []),
        new() { Exact = true, ActivationMemory = memory }, new Recorder(onReport), cancellation);

    private static IEnumerable<string> TemporaryFiles() => Directory.GetFiles("/proc/self/fd").Select(path => new FileInfo(path).LinkTarget).OfType<string>()
        .Where(target => target.Contains($"precise-bn-{Environment.ProcessId}-", StringComparison.Ordinal));
}
