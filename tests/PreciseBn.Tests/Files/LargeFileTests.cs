using PreciseBn.Data;
using PreciseBn.Tests.Support;
using TorchSharp;

namespace PreciseBn.Tests;

/// <summary>Files beyond 4 GiB work, in memory that does not grow with them. Those of the tests are mostly holes.</summary>
[Collection(AloneCollection.Name)]
public sealed class LargeFileTests : IDisposable
{
    private const long Hole = 4L << 30;
    private const long MemoryTolerance = 64 << 20;

    private readonly TemporaryFolder _folder = new();

    [LinuxFact("files with holes")]
    public void An_archive_beyond_4_GiB_is_read_and_changed()
    {
        var path = _folder.File("large.pt");
        var zip = new RawZip(path).AddHole("dict-out.scripted/extra/hole", Hole);
        using (var archive = System.IO.Compression.ZipFile.OpenRead(Fixtures.Path("dict-out.scripted.pt")))
        {
            foreach (var entry in archive.Entries)
            {
                using var memory = new MemoryStream();
                using (var stream = entry.Open())
                    stream.CopyTo(memory);
                zip.Add(entry.FullName, memory.ToArray());
            }
        }
        zip.Write();

        AssertReadAndChanged(path, Runs.Read(Fixtures.Path("dict-out.scripted.pt")).Layers);
    }

    [LinuxFact("files with holes")]
    public void Safetensors_beyond_4_GiB_are_read_and_changed()
    {
        var path = _folder.File("large.safetensors");
        var header = $"{{\"hole\":{{\"dtype\":\"U8\",\"shape\":[{Hole}],\"data_offsets\":[0,{Hole}]}},"
            + $"\"bn.running_mean\":{{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[{Hole},{Hole + 8}]}},"
            + $"\"bn.running_var\":{{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[{Hole + 8},{Hole + 16}]}}}}";
        using (var file = File.Create(path))
        {
            file.Write(BitConverter.GetBytes((long)header.Length));
            file.Write(System.Text.Encoding.ASCII.GetBytes(header));
            file.Seek(Hole, SeekOrigin.Current);
            foreach (var value in new[] { 1f, 2f, 3f, 4f })
                file.Write(BitConverter.GetBytes(value));
        }
        var layer = Runs.Read(path).Layers.Single();
        Assert.Equal([1, 2], layer.Mean);
        Assert.Equal([3, 4], layer.Variance);

        AssertReadAndChanged(path, [layer]);
    }

    [LinuxFact("files with holes")]
    public void A_batch_beyond_2_GiB_is_read()
    {
        const int Items = 20;
        const int Values = 30_000_000;
        var path = _folder.File("large.npy");
        var header = $"{{'descr': '|u1', 'fortran_order': False, 'shape': ({Items}, {Values}), }}".PadRight(117) + "\n";
        using (var file = File.Create(path))
        {
            file.Write([0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)header.Length), .. System.Text.Encoding.ASCII.GetBytes(header)]);
            file.SetLength(file.Length + ((long)Items * Values));
            file.Seek(-1, SeekOrigin.End);
            file.WriteByte(255);
        }
        using var loader = BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential, BatchSize = Items });

        using var batch = loader.Read().First();

        var values = Assert.Single(batch.Inputs);
        Assert.Equal([Items, Values], values.shape);
        Assert.Equal(1, values[Items - 1, Values - 1].ToSingle());
        Assert.Equal(1, values.sum().ToSingle());
    }

    [Fact]
    public void A_tensor_beyond_2_GiB_is_taken()
    {
        using var tensor = torch.zeros(3, 720_000_000, dtype: torch.ScalarType.Int8);
        tensor[2, 719_999_999] = 7;
        using var loader = BnDataLoader.FromObjects([tensor], new() { Order = DataOrder.Sequential, BatchSize = 1 });

        using var batch = loader.Read().Last();

        Assert.Equal(7, batch.Inputs[0][0, 719_999_999].item<sbyte>());
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertReadAndChanged(string path, IReadOnlyList<BnModule> expected)
    {
        Assert.True(new FileInfo(path).Length > uint.MaxValue);
        var before = Environment.WorkingSet;
        var layers = Runs.Read(path).Layers;
        Assert.Equal(expected.SelectMany(layer => layer.Mean), layers.SelectMany(layer => layer.Mean));

        var changed = layers.Select(layer => layer with { Mean = layer.Mean.Select((_, i) => i + 0.5).ToArray() }).ToArray();
        Runs.Apply(path, changed);

        Assert.Equal(changed.SelectMany(layer => layer.Mean), Runs.Read(path).Layers.SelectMany(layer => layer.Mean));
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, MemoryTolerance);
    }
}
