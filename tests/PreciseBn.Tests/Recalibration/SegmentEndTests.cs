using PreciseBn.Data;
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

    private void Measure(long memory, Action<MeasureProgress> onReport, CancellationToken cancellation = default) => Runs.Measure(
        Runs.Read(Fixtures.Path("segments/residual-2.6.pt2")).Layers, new EnumerableBatchSource([_images, _images, _images], []),
        new() { Exact = true, ActivationMemory = memory }, new Recorder(onReport), cancellation);

    private static IEnumerable<string> TemporaryFiles() => Directory.GetFiles("/proc/self/fd").Select(path => new FileInfo(path).LinkTarget).OfType<string>()
        .Where(target => target.Contains($"precise-bn-{Environment.ProcessId}-", StringComparison.Ordinal));
}
