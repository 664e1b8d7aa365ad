using System.Diagnostics;
using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>No file is ever lost or half-changed, whatever happens to the process that writes it.</summary>
[Collection(AloneCollection.Name)]
public sealed class FileSafetyTests : IDisposable
{
    private const string Fixture = "digits.state_dict.pth";

    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _states = new();
    private readonly string _model;
    private readonly byte[][] _versions;

    public FileSafetyTests()
    {
        _model = _folder.Copy(Fixture, "model.pth");
        var layers = Runs.Read(_model).Layers;
        _versions = Enumerable.Range(0, 2).Select(i =>
        {
            var changed = layers.Select(layer => layer with { Mean = layer.Mean.Select(value => value + i + 1).ToArray() }).ToArray();
            BnStatFile.Write(State(i), changed, force: false);
            Runs.Apply(_model, changed);
            return File.ReadAllBytes(_model);
        }).ToArray();
    }

    [Fact]
    public void Two_hundred_kills_leave_the_file_whole()
    {
        const int Kills = 200;
        var random = new Random(1);
        var seen = new int[2];
        for (var i = 0; i < Kills; i++)
        {
            using var process = StartWriter(int.MaxValue);
            Assert.Equal("ready", process.StandardOutput.ReadLine());
            Assert.Equal("written", process.StandardOutput.ReadLine());
            SpinFor(TimeSpan.FromMilliseconds(40 * random.NextDouble()));
            process.Kill();
            process.WaitForExit();
            seen[VersionInPlace()]++;
        }

        Assert.All(seen, count => Assert.InRange(count, 10, Kills));
        Runs.Apply(_model, BnStatFile.Read(State(0)));
        Assert.Equal([_model], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Writers_at_the_same_time_take_turns_or_are_told()
    {
        var writers = Enumerable.Range(0, 4).Select(_ => StartWriter(40)).ToArray();
        var answers = writers.Select(writer => writer.StandardOutput.ReadToEndAsync()).ToArray();
        foreach (var writer in writers)
            writer.WaitForExit();

        var lines = answers.SelectMany(answer => answer.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Where(line => line != "ready").ToArray();

        Assert.Equal(4 * 40, lines.Length);
        Assert.Contains("written", lines);
        Assert.All(lines, line => Assert.Contains(line, new[] { "written", "FileBusy", "FileChanged", "FileInUse" }));
        VersionInPlace();
        Assert.Equal([_model], Directory.GetFiles(_folder.Path));
    }

    [LinuxFact("a limit to the size of files")]
    public void A_disk_that_takes_no_more_leaves_the_file_as_it_was()
    {
        var limitInKibibytes = _versions[0].Length / 1024 / 2;

        var (exitCode, output, errors) = FileWriter.RunOnFullDisk(limitInKibibytes, _model, State(0), State(1), "2");

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Equal("ready\nWriteFailed\nWriteFailed\n", output);
        VersionInPlace();
        Assert.Equal([_model], Directory.GetFiles(_folder.Path));
    }

    [PrivilegedFact]
    public void Mode_and_owner_stay()
    {
        Tool.Run("chown", "12345:23456", _model);
        Tool.Run("chmod", "640", _model);

        Runs.Apply(_model, BnStatFile.Read(State(0)), save: new() { Backup = true });

        foreach (var file in new[] { _model, _model + ".bak" })
            Assert.Equal("12345 23456 640", Tool.Run("stat", "-c", "%u %g %a", file).Output.Trim());
    }

    [Fact]
    public void Leftovers_of_a_killed_process_are_removed_and_files_like_them_are_not()
    {
        var leftover = _folder.File($".model.pth.{Guid.NewGuid():N}.tmp");
        var notOurs = new[] { _folder.File(".model.pth.tmp"), _folder.File($".other.pth.{Guid.NewGuid():N}.tmp"), _folder.File(".model.pth.mine.tmp") };
        foreach (var file in notOurs.Append(leftover).Append(_folder.File(".model.pth.lock")))
            File.WriteAllText(file, "left");

        Runs.Apply(_model, BnStatFile.Read(State(0)));

        Assert.Equal(notOurs.Append(_model).Order(), Directory.GetFiles(_folder.Path).Order());
    }

    [Fact]
    public void A_file_that_is_being_written_is_busy()
    {
        using (new FileReplacement(_model))
        {
            var error = Assert.Throws<PreciseBnException>(() => Runs.Apply(_model, BnStatFile.Read(State(0))));
            Assert.Equal("FileBusy", error.ErrorId);
        }

        Runs.Apply(_model, BnStatFile.Read(State(0)));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _states.Dispose();
    }

    private string State(int i) => _states.File($"{i}.safetensors");

    private Process StartWriter(int times) => FileWriter.Start(_model, State(0), State(1), $"{times}");

    private int VersionInPlace()
    {
        var bytes = File.ReadAllBytes(_model);
        var version = Array.FindIndex(_versions, version => version.AsSpan().SequenceEqual(bytes));
        Assert.True(version >= 0, "The file is neither the one version nor the other.");
        return version;
    }

    private static void SpinFor(TimeSpan time)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < time;)
            Thread.SpinWait(100);
    }
}
