using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Several attempts at one part, of which some are broken off, or wake when another has finished it, make one part and cost none.</summary>
public sealed class AttemptTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;
    private readonly BnDataLoader _data = Runs.Digits(batchSize: 16, take: 160);

    public AttemptTests() => _model = _folder.Copy("digits.scripted.pt", "model.pt");

    private string Part => _folder.File("part.safetensors");

    private string[] Attempts => Directory.GetFiles(_folder.Path, "part.safetensors.attempt-*");

    private ShardOptions Options => new() { Checkpoint = Part, Every = 2 };

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(10)]
    public void An_attempt_that_wakes_late_leaves_the_finished_part_as_it_is_and_gives_the_same(int after)
    {
        byte[] part = [];

        var (late, _) = Measure(Options, after, () =>
        {
            Measure(Options);
            part = File.ReadAllBytes(Part);
        });

        Assert.Equal(part, File.ReadAllBytes(Part));
        Assert.Equal(BnPartialFile.Read(Part).SelectMany(layer => layer.Moments), late.SelectMany(layer => layer.Moments));
        Assert.Equal([_model, Part], Directory.GetFiles(_folder.Path).Order());
    }

    [Fact]
    public void Until_it_is_finished_there_is_no_part_but_an_attempt()
    {
        BreakOff(after: 5);

        Assert.False(File.Exists(Part));
        Assert.Single(Attempts);
    }

    [Fact]
    public void Whoever_comes_next_goes_on_from_the_furthest_attempt_and_removes_all()
    {
        BreakOff(after: 3);
        BreakOff(after: 4);
        var furthest = Attempts.MaxBy(File.GetLastWriteTimeUtc)!;
        File.WriteAllBytes($"{Part}.attempt-{new string('0', 32)}", File.ReadAllBytes(furthest)[..^8]);
        File.WriteAllText(_folder.File($".part.safetensors.attempt-{new string('0', 32)}.{new string('1', 32)}.tmp"), "of a process that was killed");

        var (_, batches) = Measure(Options);

        Assert.Equal(10 - 6, batches);
        Assert.Equal([_model, Part], Directory.GetFiles(_folder.Path).Order());
    }

    [Fact]
    public void Attempts_side_by_side_do_not_disturb_each_other()
    {
        using var elsewhere = new TemporaryFolder();
        var undisturbed = Shards.Measure(_model, _data, "1/1", Options with { Checkpoint = elsewhere.File("part") });

        var (partials, _) = Measure(Options, after: 5, () => BreakOff(after: 3));

        Assert.Equal(undisturbed.SelectMany(layer => layer.Moments), partials.SelectMany(layer => layer.Moments));
        Assert.Equal([_model, Part], Directory.GetFiles(_folder.Path).Order());
    }

    [Fact]
    public void An_attempt_with_other_options_is_refused_though_it_began_before_the_part_was_there()
    {
        byte[] part = [];

        var error = Assert.Throws<PreciseBnException>(() => Measure(Options with { Iterations = 8 }, after: 1, () =>
        {
            Measure(Options);
            part = File.ReadAllBytes(Part);
        }));

        Assert.Equal("CheckpointOfOtherRun", error.ErrorId);
        Assert.Equal(part, File.ReadAllBytes(Part));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public void Two_live_writers_cost_no_attempt_whether_files_are_locked_or_not(string unlocked)
    {
        const int Times = 6;
        var reference = _folder.File("reference");
        Assert.Equal(["ready", "written"], Write(reference, 1, "0")[0]);

        var said = Write(_folder.File("both"), Times, unlocked, processes: 2);

        Assert.All(said, lines => Assert.Equal(Enumerable.Repeat("written", Times).Prepend("ready"), lines));
        Assert.Equal(Times / 2, Directory.GetFiles(_folder.Path, "both*").Length);
        var expected = BnPartialFile.Read(reference + ".0").SelectMany(layer => layer.Moments).ToArray();
        Assert.All(Directory.GetFiles(_folder.Path, "both*"), part => Assert.Equal(expected, BnPartialFile.Read(part).SelectMany(layer => layer.Moments)));
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    // Each of them measures the same parts, one after the other.
    private string[][] Write(string part, int times, string unlocked, int processes = 1)
    {
        var running = Enumerable.Range(0, processes).Select(_ => FileWriter.Start(
            new Dictionary<string, string> { ["DOTNET_SYSTEM_IO_DISABLEFILELOCKING"] = unlocked }, part, _model, _model, $"{times}")).ToArray();
        try
        {
            return running.Select(process => process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToArray();
        }
        finally
        {
            foreach (var process in running)
                process.Dispose();
        }
    }

    private (IReadOnlyList<PartialBnStat> Partials, int Batches) Measure(ShardOptions options, int after = 0, Action? inBetween = null)
    {
        var batches = 0;
        var partials = Runs.MeasureShard(Runs.Read(_model).Layers, _data, options, new Recorder(_ =>
        {
            if (++batches == after)
                inBetween?.Invoke();
        }));
        return (partials, batches);
    }

    private void BreakOff(int after)
    {
        Assert.Throws<TimeoutException>(() => Measure(Options, after + 1, () => throw new TimeoutException()));
    }
}
