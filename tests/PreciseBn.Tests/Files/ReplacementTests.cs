using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>What somebody else does to a file at any step of its replacement is noticed, and not undone.</summary>
public sealed class ReplacementTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _file;

    public ReplacementTests() => _file = Write("model.bin", "old");

    /// <summary>When somebody else comes: first, while the new file is written, and last of all.</summary>
    public enum Step
    {
        Before,
        Meanwhile,
        After,
    }

    public static TheoryData<Step> Steps => [.. Enum.GetValues<Step>()];

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_file_that_is_written_to_stays(Step step)
    {
        AssertFails("FileChanged", step, () => File.AppendAllText(_file, "er"), keepBackup: true);

        Assert.Equal("older", File.ReadAllText(_file));
        Assert.Equal([_file], Directory.GetFiles(_folder.Path));
    }

    [UnixTheory("files that are replaced while they are open")]
    [MemberData(nameof(Steps))]
    public void A_file_that_is_replaced_by_one_of_the_same_length_and_time_stays(Step step)
    {
        AssertFails("FileChanged", step, () => File.Move(Twin("other.bin", "new"), _file, overwrite: true));

        Assert.Equal("new", File.ReadAllText(_file));
        Assert.Equal([_file], Directory.GetFiles(_folder.Path));
    }

    [UnixTheory("symbolic links")]
    [MemberData(nameof(Steps))]
    public void A_link_that_is_led_elsewhere_destroys_nothing(Step step)
    {
        var other = Twin("other.bin", "new");
        var link = _folder.File("link.bin");
        File.CreateSymbolicLink(link, _file);

        AssertFails("FileChanged", step, () => Retarget(link, other), link);

        Assert.Equal(("old", "new"), (File.ReadAllText(_file), File.ReadAllText(other)));
        Assert.Equal([link, _file, other], Directory.GetFiles(_folder.Path).Order());
    }

    [UnixFact("symbolic links")]
    public void A_link_that_was_led_elsewhere_only_for_a_moment_destroys_nothing()
    {
        var other = Twin("other.bin", "new");
        var link = _folder.File("link.bin");
        File.CreateSymbolicLink(link, _file);
        using var original = SourceFile.Open(link);
        Retarget(link, other);
        using var replacement = new FileReplacement(link, original);
        Retarget(link, _file);

        Assert.Equal("FileChanged", Assert.Throws<PreciseBnException>(() => replacement.Prepare(_ => { })).ErrorId);
        Assert.Equal("new", File.ReadAllText(other));
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_destination_that_appears_is_replaced_only_where_that_is_allowed(Step step)
    {
        var destination = _folder.File("result.bin");

        AssertFails("DestinationExists", step, () => Write("result.bin", "mine"), destination: destination, overwrite: false);
        Assert.Equal("mine", File.ReadAllText(destination));

        File.Delete(destination);
        Replace(step, () => Write("result.bin", "mine"), destination: destination);
        Assert.Equal("old, changed", File.ReadAllText(destination));
        Assert.Equal([_file, destination], Directory.GetFiles(_folder.Path).Order());
    }

    [Theory]
    [InlineData(Step.Meanwhile)]
    [InlineData(Step.After)]
    public void A_destination_that_is_written_to_stays(Step step)
    {
        var destination = Write("result.bin", "theirs");

        AssertFails("FileChanged", step, () => File.AppendAllText(destination, ", too"), destination: destination);

        Assert.Equal("theirs, too", File.ReadAllText(destination));
    }

    [Fact]
    public void A_destination_that_appears_too_late_for_a_backup_is_not_replaced()
    {
        var destination = _folder.File("result.bin");

        AssertFails("DestinationExists", Step.After, () => Write("result.bin", "mine"), destination: destination, keepBackup: true);

        Assert.Equal("mine", File.ReadAllText(destination));
    }

    [Fact]
    public void A_source_that_goes_is_told_and_nothing_is_written()
    {
        using var original = SourceFile.Open(_file);
        using (var replacement = new FileReplacement(_folder.File("result.bin"), original))
        {
            replacement.Prepare(_ => { });
            File.Move(_file, _folder.File("away.bin"));

            Assert.Equal("FileChanged", Assert.Throws<PreciseBnException>(replacement.Commit).ErrorId);
        }

        Assert.Equal([_folder.File("away.bin")], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Every_backup_stays()
    {
        Directory.CreateDirectory(_folder.File("model.bin.bak.1"));
        foreach (var _ in Enumerable.Range(0, 3))
            Replace(Step.After, () => { }, keepBackup: true);

        Assert.Equal(
            ["old", "old, changed", "old, changed, changed"],
            new[] { ".bak", ".bak.2", ".bak.3" }.Select(ending => File.ReadAllText(_file + ending)));
        Assert.Equal("old, changed, changed, changed", File.ReadAllText(_file));
    }

    [Fact]
    public void A_backup_is_as_old_as_what_it_keeps()
    {
        var time = new DateTime(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(_file, time);

        Replace(Step.After, () => { }, keepBackup: true);

        Assert.Equal(time, File.GetLastWriteTimeUtc(_file + ".bak"));
    }

    [Fact]
    public void A_backup_goes_again_if_the_file_is_not_replaced_after_all()
    {
        using var original = SourceFile.Open(_file);
        using (var replacement = new FileReplacement(_file, original, keepBackup: true))
        {
            replacement.Prepare(copy => RandomAccess.Write(copy, ", changed"u8, original.Length));
            File.Delete(Directory.GetFiles(_folder.Path, ".model.bin.*.tmp").Single(file => File.ReadAllText(file) == "old, changed"));

            Assert.Equal("WriteFailed", Assert.Throws<PreciseBnException>(replacement.Commit).ErrorId);
        }

        Assert.Equal([_file], Directory.GetFiles(_folder.Path));
        Assert.Equal("old", File.ReadAllText(_file));
    }

    [Fact]
    public void Of_several_files_none_is_replaced_if_one_has_changed()
    {
        foreach (var shard in Directory.GetFiles(Fixtures.Path("small"), "small*safetensors*"))
            File.Copy(shard, _folder.File(Path.GetFileName(shard)));
        using var model = Models.ModelFile.Open(_folder.File("small.safetensors.index.json"));
        var before = model.Files.Select(file => File.ReadAllBytes(file.Path)).ToArray();
        var writer = new Models.StatisticsWriter(model, null, overwrite: false, keepBackup: false);
        File.SetLastWriteTimeUtc(model.Files[^1].Path, DateTime.UnixEpoch);

        var error = Assert.Throws<PreciseBnException>(() => writer.Write(model.Layers.Select(layer =>
            (layer, (ILayerStatistics)(layer.Module with { Mean = layer.Module.Mean.Select(value => value + 1).ToArray() })))));

        Assert.Equal(("FileChanged", model.Files[^1].Path), (error.ErrorId, error.Target));
        Assert.Equal(before, model.Files.Select(file => File.ReadAllBytes(file.Path)));
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder.File(name), text);
        return _folder.File(name);
    }

    // A file that its length and time do not tell from the first.
    private string Twin(string name, string text)
    {
        var twin = Write(name, text);
        File.SetLastWriteTimeUtc(twin, File.GetLastWriteTimeUtc(_file));
        return twin;
    }

    private static void Retarget(string link, string target)
    {
        File.Delete(link);
        File.CreateSymbolicLink(link, target);
    }

    private void AssertFails(
        string errorId, Step step, Action interfere, string? file = null, string? destination = null, bool overwrite = true, bool keepBackup = false)
    {
        var error = Assert.Throws<PreciseBnException>(() => Replace(step, interfere, file, destination, overwrite, keepBackup));
        Assert.Equal(errorId, error.ErrorId);
    }

    private void Replace(
        Step step, Action interfere, string? file = null, string? destination = null, bool overwrite = true, bool keepBackup = false)
    {
        file ??= _file;
        using var original = SourceFile.Open(file);
        if (step == Step.Before)
            interfere();
        using var replacement = new FileReplacement(destination ?? file, original, overwrite, keepBackup);
        replacement.Prepare(copy =>
        {
            RandomAccess.Write(copy, ", changed"u8, original.Length);
            if (step == Step.Meanwhile)
                interfere();
        });
        if (step == Step.After)
            interfere();
        replacement.Commit();
    }
}
