using System.Diagnostics;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>A process that is killed leaves no partial file or a whole one, and many shards take no more memory than a few.</summary>
[Collection(AloneCollection.Name)]
public sealed class PartialSafetyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Kills_at_any_moment_leave_no_partial_file_or_a_whole_one()
    {
        const int Kills = 40;
        using var states = new TemporaryFolder();
        var versions = new[] { Partials(1, 2), Partials(2, 2) };
        for (var i = 0; i < versions.Length; i++)
            BnPartialFile.Write(states.File($"{i}"), versions[i], force: false);
        var part = _folder.File("part.safetensors");
        var random = new Random(2);
        var whole = 0;
        for (var i = 0; i < Kills; i++)
        {
            File.Delete(part);
            using var process = FileWriter.Start(part, states.File("0"), states.File("1"), $"{int.MaxValue}");
            Assert.Equal("ready", process.StandardOutput.ReadLine());
            if (i % 2 == 0)
                Assert.Equal("written", process.StandardOutput.ReadLine());
            SpinFor(TimeSpan.FromMilliseconds(20 * random.NextDouble()));
            process.Kill();
            process.WaitForExit();
            if (!File.Exists(part))
                continue;
            whole++;
            var moments = BnPartialFile.Read(part).SelectMany(partial => partial.Moments).ToArray();
            Assert.Contains(versions, version => version.SelectMany(partial => partial.Moments).SequenceEqual(moments));
        }

        Assert.InRange(whole, Kills / 2, Kills);
        BnPartialFile.Write(part, versions[0], force: true);
        Assert.Equal([part], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Two_hundred_shards_are_merged_in_the_memory_of_ten()
    {
        const long Tolerance = 8 << 20;
        var merger = new BnMerger();
        long afterTen = 0;
        for (var shard = 1; shard <= 200; shard++)
        {
            BnPartialFile.Write(_folder.File("part"), Partials(shard, 200), force: true);
            merger.AddFiles([_folder.File("part")]);
            if (shard == 10)
                afterTen = GC.GetTotalMemory(forceFullCollection: true);
        }
        var growth = GC.GetTotalMemory(forceFullCollection: true) - afterTen;

        Assert.Equal(200, merger.Estimate().Statistics[0].Batches);
        Assert.InRange(growth, long.MinValue, Tolerance);
    }

    public void Dispose() => _folder.Dispose();

    private static void SpinFor(TimeSpan time)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < time;)
            Thread.SpinWait(100);
    }

    private static PartialBnStat[] Partials(int shard, int count)
    {
        const int Channels = 1000;
        var random = new Random(shard);
        double[] Row(double start) => Enumerable.Range(0, Channels).Select(_ => start + random.NextDouble()).ToArray();
        return Enumerable.Range(0, 3).Select(layer => new PartialBnStat
        {
            Name = $"bn{layer}",
            Type = "BatchNorm2d",
            Batches = 1,
            Uses = 1,
            Count = 10,
            Moments = Enumerable.Range(0, 18).SelectMany(_ => Row(0)).ToArray(),
            PreviousMean = Row(0),
            PreviousVariance = Row(1),
            BatchesTracked = 5,
            Shards = [$"{shard}/{count} of data (in turn)"],
            TotalBatches = 1,
            SkippedBatches = 0,
            Call = "forward()",
            StoppedBy = StopReason.DataEnd,
            Estimators = [Estimator.PopulationVariance],
            Device = "cpu",
            Path = null,
            ModelSha256 = null,
            ContentSha256 = "0",
        }).ToArray();
    }
}
