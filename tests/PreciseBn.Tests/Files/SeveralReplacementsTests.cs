using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Several files that belong together are replaced all or none, at whatever step something goes wrong.</summary>
public sealed class SeveralReplacementsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public void Of_several_files_all_are_what_they_were_if_one_cannot_be_replaced(int failing, bool keepBackup)
    {
        using var files = new Several(_folder, keepBackup);
        File.AppendAllText(files.Paths[failing], "er");
        var before = files.Paths.Select(File.ReadAllText).ToArray();

        var error = Assert.Throws<PreciseBnException>(() => SeveralReplacements.Commit("all", files.Replacements));

        Assert.Equal(("FileChanged", files.Paths[failing]), (error.ErrorId, error.Target));
        files.Dispose();
        Assert.Equal(before, files.Paths.Select(File.ReadAllText));
        Assert.Equal(files.Paths, Directory.GetFiles(_folder.Path).Order());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Several_files_are_replaced_and_nothing_else_stays(bool keepBackup)
    {
        using (var files = new Several(_folder, keepBackup))
            SeveralReplacements.Commit("all", files.Replacements);

        Assert.Equal(
            Several.Names.SelectMany(name => keepBackup ? [name, name + ".bak"] : new[] { name }),
            Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(Several.Names, name => Assert.Equal("old, changed", File.ReadAllText(_folder.File(name))));
        SeveralReplacements.RequireFinished("all", Several.Names.Select(_folder.File));
    }

    [Fact]
    public void What_cannot_be_put_back_is_told_with_where_the_old_file_is()
    {
        using var files = new Several(_folder);
        foreach (var replacement in files.Replacements)
            replacement.Commit();
        File.AppendAllText(files.Paths[1], ", by somebody else");

        var error = Assert.Throws<PreciseBnException>(() => SeveralReplacements.PutBack("all", files.Replacements, FileErrors.Busy("x")));

        Assert.Equal("PartlyWritten", error.ErrorId);
        Assert.Contains($"new is '{files.Paths[1]}', of which the old one is '{files.Kept[1]}'; the others", error.Message);
        Assert.Equal(["old", "old, changed, by somebody else", "old"], files.Paths.Select(File.ReadAllText));
        Assert.Equal("old", File.ReadAllText(files.Kept[1]));
        Assert.Equal(1, files.Kept.Count(File.Exists));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_a_killed_process_leaves_of_several_files_is_named(int replaced)
    {
        using var files = new Several(_folder);
        foreach (var replacement in files.Replacements.Take(replaced))
            replacement.Commit();

        var error = Assert.Throws<PreciseBnException>(() => SeveralReplacements.RequireFinished("all", files.Paths));

        Assert.Equal("WriteBrokenOff", error.ErrorId);
        for (var i = 0; i < files.Paths.Length; i++)
            Assert.Equal(i < replaced, error.Message.Contains($"'{files.Paths[i]}', of which the old one is '{files.Kept[i]}'", StringComparison.Ordinal));
        // As the message says.
        foreach (var (file, kept) in files.Paths.Zip(files.Kept).Take(replaced))
            File.Move(kept, file, overwrite: true);
        SeveralReplacements.RequireFinished("all", files.Paths);
        Assert.All(files.Paths, path => Assert.Equal("old", File.ReadAllText(path)));
    }

    [Fact]
    public void What_a_killed_process_leaves_of_files_that_are_all_replaced_is_no_fault()
    {
        using (var files = new Several(_folder))
        {
            foreach (var replacement in files.Replacements)
                replacement.Commit();
            files.Replacements[0].ForgetOld();
        }

        SeveralReplacements.RequireFinished("all", Several.Names.Select(_folder.File));
    }

    // Another write of all files, or of some of them, was killed when all were replaced, and the older ones not yet removed.
    [Theory]
    [InlineData("2of3")]
    [InlineData("2of2")]
    public void What_an_earlier_write_has_left_is_not_taken_for_what_is_to_be_put_back(string numbers)
    {
        var stale = _folder.File($".part2.bin.{numbers}.old");
        File.WriteAllText(stale, "older");
        using var files = new Several(_folder);
        File.AppendAllText(files.Paths[2], "er");

        Assert.Throws<PreciseBnException>(() => SeveralReplacements.Commit("all", files.Replacements));

        files.Dispose();
        Assert.Equal(["old", "old", "older"], files.Paths.Select(File.ReadAllText));
        Assert.False(File.Exists(stale));
    }

    [Fact]
    public void A_model_whose_files_may_not_belong_together_is_not_opened()
    {
        foreach (var shard in Directory.GetFiles(Fixtures.Path("small"), "small*safetensors*"))
            File.Copy(shard, _folder.File(Path.GetFileName(shard)));
        var index = _folder.File("small.safetensors.index.json");
        using (var model = Models.ModelFile.Open(index))
            File.WriteAllText(SeveralReplacements.KeptAs(model.Files[0].Path, 0, 2)!, "");

        Assert.Equal("WriteBrokenOff", Assert.Throws<PreciseBnException>(() => Models.ModelFile.Open(index)).ErrorId);
    }

    public void Dispose() => _folder.Dispose();

    private sealed class Several : IDisposable
    {
        public static readonly string[] Names = ["part1.bin", "part2.bin", "part3.bin"];

        private readonly SourceFile[] _originals;

        public Several(TemporaryFolder folder, bool keepBackup = false)
        {
            Paths = Names.Select(folder.File).ToArray();
            foreach (var path in Paths)
                File.WriteAllText(path, "old");
            _originals = Paths.Select(SourceFile.Open).ToArray();
            Kept = Paths.Select((path, i) => SeveralReplacements.KeptAs(path, i, Paths.Length)!).ToArray();
            Replacements = _originals.Select((original, i) => new FileReplacement(original.Path, original, keepBackup: keepBackup, keptAs: Kept[i])).ToArray();
            foreach (var (replacement, original) in Replacements.Zip(_originals))
                replacement.Prepare(copy => RandomAccess.Write(copy, ", changed"u8, original.Length));
        }

        public string[] Paths { get; }

        public string[] Kept { get; }

        public FileReplacement[] Replacements { get; }

        public void Dispose()
        {
            foreach (var replacement in Replacements)
                replacement.Dispose();
            foreach (var original in _originals)
                original.Dispose();
        }
    }
}
