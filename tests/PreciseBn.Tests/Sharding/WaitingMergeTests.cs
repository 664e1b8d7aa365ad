using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>A merge that waits takes files as they come into sight, and gives up when it was told to.</summary>
public sealed class WaitingMergeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly BnDataLoader _data = Runs.Digits(take: 96);
    private readonly BnMerger _merger = new();

    [Fact]
    public void Files_that_come_while_it_waits_are_taken_and_then_it_waits_no_longer()
    {
        var clock = new LookClock(wait =>
        {
            if (wait is 1 or 3 or 4)
                Write(wait == 1 ? 2 : wait);
        });
        Write(1);

        var added = Add(TimeSpan.FromSeconds(60), clock, shards: 4);

        Assert.Equal([1, 2, 3, 4], added);
        Assert.Equal(4, clock.Waits);
        Assert.Equal(4, _merger.Estimate().Batches);
    }

    [Fact]
    public void It_waits_for_the_first_file_too()
    {
        var clock = new LookClock(wait => Write(1, shards: 1));

        Assert.Equal([1], Add(TimeSpan.FromSeconds(60), clock, shards: 1));
    }

    [Fact]
    public void When_the_time_is_over_the_missing_shards_are_named()
    {
        var clock = new LookClock(_ => { });
        Write(2);

        Assert.Equal([2], Add(TimeSpan.FromSeconds(2.5), clock, shards: 4));

        Assert.Equal(TimeSpan.FromSeconds(2.5), clock.Elapsed);
        Assert.Contains("shard 1/4, 3..4/4 of ", Assert.Throws<PreciseBnException>(() => _merger.Estimate()).Message);
    }

    [Fact]
    public void What_does_not_belong_there_ends_the_waiting()
    {
        var clock = new LookClock(_ => File.WriteAllText(_folder.File("2"), "something else"));
        Write(1);

        Assert.Equal("NotAPartial", Assert.Throws<PreciseBnException>(() => Add(TimeSpan.FromSeconds(60), clock, shards: 4)).ErrorId);
        Assert.Equal(1, clock.Waits);
    }

    [Fact]
    public void Cancelling_ends_it_while_it_waits()
    {
        using var cancellation = new CancellationTokenSource();
        var clock = new LookClock(_ => cancellation.Cancel(), goesOn: false);

        Assert.ThrowsAny<OperationCanceledException>(() => Add(TimeSpan.MaxValue, clock, shards: 1, cancellation.Token));
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    private int[] Add(TimeSpan longest, LookClock clock, int shards, CancellationToken cancellation = default) => _merger.AwaitFiles(
        () => Enumerable.Range(1, shards).Select(shard => _folder.File($"{shard}")).Where(File.Exists).ToArray(), longest, cancellation, clock)
        .Select(file => int.Parse(Path.GetFileName(file))).ToArray();

    private void Write(int shard, int shards = 4) =>
        BnPartialFile.Write(_folder.File($"{shard}"), Shards.Measure(Fixtures.Path("digits.scripted.pt"), _data, $"{shard}/{shards}"), force: false);

    /// <summary>A clock on which no time passes but what is waited, and that at once.</summary>
    private sealed class LookClock(Action<int> onWait, bool goesOn = true) : TimeProvider
    {
        public int Waits { get; private set; }

        public TimeSpan Elapsed { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits++;
            Elapsed += dueTime;
            onWait(Waits);
            if (goesOn)
                callback(state);
            return System.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
