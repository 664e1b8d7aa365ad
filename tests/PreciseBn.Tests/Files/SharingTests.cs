using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Other programs, and other users, that have a file or stand in its way.</summary>
public sealed class SharingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public SharingTests() => _model = _folder.Copy("digits.state_dict.pth", "model.pth");

    [Fact]
    public void A_file_that_another_program_has_for_itself_is_told_as_that()
    {
        using var other = new FileStream(_model, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        var error = Assert.Throws<PreciseBnException>(() => Runs.Read(_model));

        Assert.Equal(("FileInUse", ErrorKind.Conflict, _model), (error.ErrorId, error.Kind, error.Target));
        Assert.Contains("open in another program", error.Message);
    }

    [Fact]
    public void A_file_that_others_read_and_write_can_be_read()
    {
        using var other = new FileStream(_model, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

        Assert.Equal(6, Runs.Read(_model).Layers.Count);
    }

    [WindowsFact("keeps an open file from being replaced")]
    public void A_file_that_another_program_reads_is_not_replaced_and_that_is_no_matter_of_permissions()
    {
        var statistics = Runs.Read(_model).Layers;
        var before = File.ReadAllBytes(_model);
        PreciseBnException error;
        using (new FileStream(_model, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            error = Assert.Throws<PreciseBnException>(() => Runs.Apply(_model, statistics, save: new() { Backup = true }));

        Assert.Equal(("FileInUse", _model), (error.ErrorId, error.Target));
        Assert.Equal(before, File.ReadAllBytes(_model));
        Assert.Equal([_model], Directory.GetFiles(_folder.Path));
        Runs.Apply(_model, statistics);
    }

    [Fact]
    public void What_passes_in_a_moment_is_waited_for()
    {
        var tries = 0;

        var result = FileSharing.Retry(() => ++tries < 3 ? throw Violation() : tries, FileSharing.IsViolation);

        Assert.Equal(3, result);
    }

    [Fact]
    public void What_does_not_pass_is_told_at_once()
    {
        var tries = 0;

        Assert.Throws<IOException>(() => FileSharing.Retry(() => Fail(ref tries), FileSharing.IsViolation));

        Assert.Equal(1, tries);
    }

    [Fact]
    public void A_lock_that_cannot_be_taken_is_named_and_is_not_somebody_who_writes()
    {
        var lockFile = Directory.CreateDirectory(_folder.File(".model.pth.lock")).FullName;

        var error = Assert.Throws<PreciseBnException>(() => Runs.Apply(_model, Runs.Read(_model).Layers));

        Assert.Equal("LockNotTaken", error.ErrorId);
        Assert.Contains($"'{lockFile}'", error.Message);
    }

    [Fact]
    public void A_lock_is_there_as_long_as_it_is_held()
    {
        var path = _folder.File(".model.pth.lock");
        using (WriteLock.Take(_model))
            Assert.Equal("FileBusy", Assert.Throws<PreciseBnException>(() => WriteLock.Take(_model)).ErrorId);
        Assert.False(File.Exists(path));

        using var next = WriteLock.Take(_model);
        Assert.True(File.Exists(path));
    }

    [WindowsFact("keeps an open file from being removed")]
    public void A_leftover_that_cannot_be_removed_holds_nobody_up()
    {
        var leftover = _folder.File($".model.pth.{Guid.NewGuid():N}.tmp");
        using (new FileStream(leftover, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
            Runs.Apply(_model, Runs.Read(_model).Layers);

        Assert.Equal([leftover, _model], Directory.GetFiles(_folder.Path).Order());
        Runs.Apply(_model, Runs.Read(_model).Layers);
        Assert.Equal([_model], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void The_lock_is_released_whatever_fails()
    {
        var destination = _folder.File("result.pth");
        File.WriteAllText(destination, "mine");
        using var original = SourceFile.Open(_model);

        Assert.Throws<PreciseBnException>(() => new FileReplacement(destination, original, overwrite: false));

        WriteLock.Take(destination).Dispose();
        Assert.Equal([_model, destination], Directory.GetFiles(_folder.Path).Order());
    }

    [Fact]
    public void Cleaning_up_does_not_fail()
    {
        TemporarySibling.Remove(_folder.Path);
        TemporaryFile.Remove(_folder.Path);

        Assert.True(Directory.Exists(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();

    private static IOException Violation() => new("Somebody has it.", OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsMacOS() ? 35 : 11);

    private static int Fail(ref int tries)
    {
        tries++;
        throw new IOException("The disk is full.");
    }
}
