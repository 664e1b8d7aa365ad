using System.Buffers.Binary;
using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Paths with letters of any language, and several paths to one file.</summary>
[Collection(AloneCollection.Name)]
public sealed class PathTests : IDisposable
{
    private static readonly string[] TemporaryFolderNames = ["TMPDIR", "TMP"];

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("Łukasz")]
    [InlineData("漢字 😀")]
    public void Models_and_temporary_files_may_lie_in_folders_of_any_name(string name)
    {
        using var data = Runs.Digits(take: 64);
        var temporary = Directory.CreateDirectory(_folder.File(name)).FullName;
        var model = Path.Combine(temporary, "model.pt");
        File.Copy(Fixtures.Path("digits.scripted.pt"), model);
        var before = TemporaryFolderNames.Select(Environment.GetEnvironmentVariable).ToArray();
        try
        {
            foreach (var variable in TemporaryFolderNames)
                Environment.SetEnvironmentVariable(variable, temporary);

            Assert.Equal(6, Runs.Update(model, data).Count);
        }
        finally
        {
            foreach (var (variable, value) in TemporaryFolderNames.Zip(before))
                Environment.SetEnvironmentVariable(variable, value);
        }

        Assert.Equal([model], Directory.GetFiles(temporary));
    }

    [Fact]
    public void A_path_that_fits_is_given_as_it_is() => Assert.Equal(_folder.Path, NarrowPath.Of(_folder.Path));

    [WindowsFact("does not tell m.pt and M.PT apart")]
    public void One_file_is_one_model_however_its_name_is_spelt()
    {
        var model = _folder.Copy("digits.state_dict.pth", "model.pth");
        var other = _folder.File("MODEL.PTH");
        var layers = Runs.Read(model).Layers;

        Assert.Single(BnModel.Of([.. layers, .. Runs.Read(other).Layers]));
        Assert.Equal("DestinationExists", Assert.Throws<PreciseBnException>(() => Runs.Apply(model, layers, save: new() { Destination = other })).ErrorId);
        Runs.Apply(model, layers, save: new() { Destination = other, Force = true });

        Assert.Equal([model], Directory.GetFiles(_folder.Path));
    }

    [UnixFact("symbolic links")]
    public void A_link_and_its_end_are_one_model_and_two_names_of_a_file_are_two()
    {
        var model = _folder.Copy("digits.state_dict.pth", "model.pth");
        var (link, name) = (_folder.File("link.pth"), _folder.File("name.pth"));
        File.CreateSymbolicLink(link, model);
        var layers = Runs.Read(model).Layers;

        Assert.Single(BnModel.Of([.. layers, .. Runs.Read(link).Layers]));
        Assert.Equal("DestinationExists", Assert.Throws<PreciseBnException>(() => Runs.Apply(model, layers, save: new() { Destination = link })).ErrorId);
        Tool.Run("ln", model, name);
        Assert.Equal(2, BnModel.Of([.. layers, .. Runs.Read(name).Layers]).Count);
    }

    [Fact]
    public void What_an_ended_process_has_left_is_removed_and_what_others_have_is_not()
    {
        var (ended, mine, foreign) = ("precise-bn-2147483647-a.b", $"precise-bn-{Environment.ProcessId}-a.b", "precise-bn-notes.txt");
        var paths = new[] { ended, mine, foreign }.Select(name => Path.Combine(Path.GetTempPath(), name)).ToArray();
        foreach (var path in paths)
            File.WriteAllText(path, "left");

        TemporaryFile.RemoveAbandoned();

        Assert.Equal([false, true, true], paths.Select(File.Exists));
        foreach (var path in paths)
            File.Delete(path);
    }

    [Fact]
    public void The_answer_of_macOS_is_read_where_its_header_says()
    {
        var status = new byte[144];
        BinaryPrimitives.WriteUInt32LittleEndian(status, 16777233);
        BinaryPrimitives.WriteUInt16LittleEndian(status.AsSpan(4), 0x81a4);
        BinaryPrimitives.WriteUInt16LittleEndian(status.AsSpan(6), 2);
        BinaryPrimitives.WriteUInt64LittleEndian(status.AsSpan(8), 1234567890123);
        BinaryPrimitives.WriteUInt32LittleEndian(status.AsSpan(16), 501);
        BinaryPrimitives.WriteUInt32LittleEndian(status.AsSpan(20), 20);
        BinaryPrimitives.WriteInt64LittleEndian(status.AsSpan(48), 1700000000);
        BinaryPrimitives.WriteInt64LittleEndian(status.AsSpan(56), 7);
        BinaryPrimitives.WriteInt64LittleEndian(status.AsSpan(96), 4096);

        var file = MacFileStatus.Read(status);

        Assert.Equal(new FileIdentity(16777233, 1234567890123, 4096, 1700000000_000000007), file.Identity);
        Assert.Equal((true, 2u, (501u, 20u)), (file.IsRegular, file.Links, file.Owner));
    }

    public void Dispose() => _folder.Dispose();
}
