using System.Runtime.Versioning;
using PreciseBn.Files;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Who may do what with a file stays as it was.</summary>
public sealed class PropertiesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;
    private readonly IReadOnlyList<BnModule> _layers;

    public PropertiesTests()
    {
        _model = _folder.Copy("digits.state_dict.pth", "model.pth");
        _layers = Runs.Read(_model).Layers;
    }

    [Fact]
    public void A_read_only_model_can_be_written_to_another_file_which_is_writable()
    {
        var destination = _folder.File("result.pth");
        File.SetAttributes(_model, FileAttributes.ReadOnly);

        Runs.Apply(_model, _layers, save: new() { Destination = destination });
        Runs.Apply(_model, _layers, save: new() { Destination = destination, Force = true });

        Assert.False(new FileInfo(destination).IsReadOnly);
        Assert.True(new FileInfo(_model).IsReadOnly);
        File.SetAttributes(_model, FileAttributes.Normal);
    }

    [UnixFact("modes of files")]
    [UnsupportedOSPlatform("windows")]
    public void A_copy_is_as_private_as_the_model_and_a_file_that_it_replaces_keeps_its_mode()
    {
        var destination = _folder.File("result.pth");
        File.SetUnixFileMode(_model, UnixFileMode.UserRead | UnixFileMode.GroupRead);

        Runs.Apply(_model, _layers, save: new() { Destination = destination });
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(destination));

        File.SetUnixFileMode(destination, UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Runs.Apply(_model, _layers, save: new() { Destination = destination, Force = true });
        Assert.Equal(UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(destination));
    }

    [WindowsFact("hides files by an attribute")]
    public void A_hidden_file_stays_hidden_and_others_are_seen()
    {
        var (destination, hidden) = (_folder.File("result.pth"), _folder.Copy("digits.state_dict.pth", "hidden.pth"));
        File.SetAttributes(hidden, FileAttributes.Hidden | FileAttributes.NotContentIndexed);

        Runs.Apply(hidden, _layers, save: new() { Backup = true });
        Runs.Apply(_model, _layers, save: new() { Destination = destination });
        BnStatFile.Write(_folder.File("stats.safetensors"), _layers, force: false);

        Assert.All([hidden, hidden + ".bak"], file => Assert.True(File.GetAttributes(file).HasFlag(FileAttributes.Hidden)));
        Assert.All([destination, _folder.File("stats.safetensors")], file => Assert.False(File.GetAttributes(file).HasFlag(FileAttributes.Hidden)));
    }

    [WindowsFact("hides files by an attribute")]
    public void What_exists_for_a_moment_only_is_hidden()
    {
        using var replacement = new FileReplacement(_model);

        replacement.Prepare(_ => Assert.All(
            Directory.GetFiles(_folder.Path, ".*"), file => Assert.True(File.GetAttributes(file).HasFlag(FileAttributes.Hidden))));
    }

    public void Dispose() => _folder.Dispose();
}
