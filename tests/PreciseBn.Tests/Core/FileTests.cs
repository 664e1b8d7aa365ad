using System.IO.Compression;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>After a success the file differs from the original in the statistics alone.</summary>
public sealed class FileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("digits.scripted-extra.pt")]
    [InlineData("digits.traced.pt")]
    [InlineData("kinds.scripted.pt")]
    [InlineData("digits.exported-2.14.pt2")]
    public void Only_the_bytes_of_the_selected_statistics_and_their_checksums_change(string model)
    {
        using var data = Runs.DataFor(model);
        var path = _folder.Copy(model);
        var selected = Runs.Read(path).Layers.Skip(1).Take(2).ToArray();

        Runs.Update(path, data, where: layer => selected.Any(other => other.Name == layer.Name));

        var (before, after) = (File.ReadAllBytes(Fixtures.Path(model)), File.ReadAllBytes(path));
        Assert.Equal(before.Length, after.Length);
        var changedEntries = ChangedEntries(Fixtures.Path(model), path);
        Assert.Equal(selected.Length * 3, changedEntries.Count);
        // A checksum stands in the central directory and in the data descriptor; nothing else is outside the entries.
        var changedOutside = ChangedBytes(before, after) - changedEntries.Sum(entry => entry.ChangedBytes);
        Assert.InRange(changedOutside, 1, changedEntries.Count * 2 * sizeof(uint));
    }

    [Fact]
    public void The_checksums_are_right()
    {
        using var data = Runs.Digits();
        var path = _folder.Copy("digits.scripted-extra.pt");
        Runs.Update(path, data);

        using var archive = ZipFile.OpenRead(path);
        foreach (var entry in archive.Entries)
        {
            using var stream = entry.Open();
            var crc = new System.IO.Hashing.Crc32();
            crc.Append(stream);
            Assert.Equal(entry.Crc32, crc.GetCurrentHashAsUInt32());
        }
    }

    [Fact]
    public void Libtorch_loads_the_result_and_finds_the_statistics()
    {
        using var data = Runs.Digits();
        var path = _folder.Copy("digits.scripted.pt");

        var stats = Runs.Update(path, data);

        using var model = jit.load(path);
        var buffers = model.named_buffers().ToDictionary(item => item.name, item => item.buffer);
        foreach (var stat in stats.Values)
        {
            Assert.Equal(stat.Mean.Select(value => (float)value), buffers[stat.Name + ".running_mean"].data<float>());
            Assert.Equal(stat.Variance.Select(value => (float)value), buffers[stat.Name + ".running_var"].data<float>());
            Assert.Equal(2550, buffers[stat.Name + ".num_batches_tracked"].item<long>());
        }
    }

    [Fact]
    public void A_destination_gets_the_result_and_the_model_stays()
    {
        using var data = Runs.Digits();
        var path = _folder.Copy("digits.scripted.pt");
        var destination = _folder.File("precise.pt");

        var stats = Runs.Update(path, data, save: new() { Destination = destination });

        Assert.Equal(File.ReadAllBytes(Fixtures.Path("digits.scripted.pt")), File.ReadAllBytes(path));
        Assert.All(stats.Values, stat => Assert.Equal(destination, stat.Path));
        Assert.NotEqual(File.ReadAllBytes(path), File.ReadAllBytes(destination));
        Assert.Equal([path, destination], Directory.GetFiles(_folder.Path).Order());
    }

    [Fact]
    public void A_backup_is_what_the_model_was()
    {
        using var data = Runs.Digits();
        var path = _folder.Copy("digits.scripted.pt");

        Runs.Update(path, data, save: new() { Backup = true });

        Assert.Equal(File.ReadAllBytes(Fixtures.Path("digits.scripted.pt")), File.ReadAllBytes(path + ".bak"));
        Assert.NotEqual(File.ReadAllBytes(path), File.ReadAllBytes(path + ".bak"));
    }

    [SymbolicLinkFact]
    public void A_symbolic_link_is_followed()
    {
        using var data = Runs.Digits();
        var path = _folder.Copy("digits.scripted.pt");
        var link = _folder.File("link.pt");
        File.CreateSymbolicLink(link, path);

        Runs.Update(link, data);

        Assert.NotNull(new FileInfo(link).LinkTarget);
        Assert.NotEqual(File.ReadAllBytes(Fixtures.Path("digits.scripted.pt")), File.ReadAllBytes(path));
    }

    [Fact]
    public void Recomputing_twice_gives_the_same_statistics()
    {
        using var data = Runs.Digits();
        var path = _folder.Copy("digits.scripted.pt");
        var first = Runs.Update(path, data);

        var second = Runs.Update(path, data);

        Assert.All(second.Values, stat => Assert.Equal(first[stat.Name].Mean, stat.Mean));
        Assert.All(second.Values, stat => Assert.InRange(stat.VarianceRatio, 1, 1 + 1e-6));
    }

    public void Dispose() => _folder.Dispose();

    private static List<(string Name, int ChangedBytes)> ChangedEntries(string before, string after)
    {
        using var old = ZipFile.OpenRead(before);
        using var changed = ZipFile.OpenRead(after);
        return old.Entries.Zip(changed.Entries, (a, b) => (a.FullName, ChangedBytes(Bytes(a), Bytes(b))))
            .Where(entry => entry.Item2 > 0).ToList();
    }

    private static byte[] Bytes(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    private static int ChangedBytes(byte[] before, byte[] after) => before.Zip(after).Count(pair => pair.First != pair.Second);
}
