using System.IO.Compression;
using System.Text;
using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Several files make one data set, which is ordered, shuffled and sharded as a whole.</summary>
public sealed class SeveralFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Files_with_the_same_arrays_make_one_data_set()
    {
        using var loader = BnDataLoader.FromFiles(
            [Fixtures.Path("digits.calibration.npz"), Fixtures.Path("digits.test.npz")], new() { Order = DataOrder.Sequential, Keys = ["images"], BatchSize = 1000 });

        Assert.Equal(2600, loader.Count);
        Assert.Equal([1000L, 1000L, 600L], loader.Read().Select(batch => batch.Inputs[0].shape[0]));
        using var test = BnDataLoader.FromFiles([Fixtures.Path("digits.test.npz")], new() { Order = DataOrder.Sequential, Keys = ["images"], BatchSize = 1000 });
        Assert.Equal(test.Read().Single().Inputs[0][999].data<float>().ToArray(), loader.Read().Last().Inputs[0][599].data<float>().ToArray());
    }

    [Fact]
    public void They_come_in_the_natural_order_of_their_paths()
    {
        var paths = new[] { 10, 2, 1 }.Select(part => Npy($"part-{part}.npy", part, part + 0.5f)).ToArray();

        using var loader = BnDataLoader.FromFiles(paths, new() { Order = DataOrder.Sequential });

        Assert.Equal([1f, 1.5f, 2f, 2.5f, 10f, 10.5f], Values(loader));
    }

    [Fact]
    public void An_empty_file_among_them_has_no_items() =>
        Assert.Equal([1f, 2f], Values(Open(new(), Npy("a.npy", 1), Npy("b.npy"), Npy("c.npy", 2))));

    [Fact]
    public void Batches_reach_over_the_ends_of_files()
    {
        using var loader = Open(new() { BatchSize = 2 }, Npy("a.npy", 1, 2, 3), Npy("b.npy", 4), Npy("c.npy", 5, 6, 7));

        Assert.Equal([[1f, 2f], [3f, 4f], [5f, 6f], [7f]], loader.Read().Select(batch => batch.Inputs[0].data<float>().ToArray()));
    }

    [Fact]
    public void Shuffling_and_shards_take_every_item_of_all_files_once()
    {
        string[] paths = [Npy("a.npy", 1, 2, 3), Npy("b.npy", 4, 5, 6, 7, 8), Npy("c.npy", 9)];
        using var loader = Open(new() { Order = DataOrder.Shuffled, Seed = 3, BatchSize = 2 }, paths);
        float[] Shard(int index) => loader.Shard(DataShard.Parse($"{index}/2")).Read(default).SelectMany(batch => batch.Inputs[0].data<float>().ToArray()).ToArray();

        Assert.Equal(Enumerable.Range(1, 9).Select(i => (float)i), Values(loader).Order());
        Assert.NotEqual(Values(loader).Order(), Values(loader));
        Assert.Equal(Values(loader).Order(), Shard(1).Concat(Shard(2)).Order());
        Assert.Equal([5, 4], new[] { Shard(1).Length, Shard(2).Length });
    }

    [Fact]
    public void The_fingerprint_is_of_all_files_and_not_of_where_they_lie()
    {
        string Identify(params string[] paths)
        {
            using var loader = Open(new(), paths);
            return loader.Identify();
        }
        var (a, b, other) = (Npy("a.npy", 1, 2), Npy("b.npy", 3), Npy("c.npy", 4));

        Assert.Equal(Identify(a, b), Identify(Npy("sub-a.npy", 1, 2), Npy("sub-b.npy", 3)));
        Assert.NotEqual(Identify(a, b), Identify(a, other));
        Assert.NotEqual(Identify(a, b), Identify(a));
    }

    [Fact]
    public void Files_without_names_of_arrays_are_inputs_by_their_own_names_if_keys_are_given()
    {
        using var loader = Open(new() { Keys = ["right", "left"] }, Npy("left.npy", 1, 2), Npy("right.npy", 3, 4));

        using var batch = loader.Read().Single();

        Assert.Equal([[3f, 4f], [1f, 2f]], batch.Inputs.Select(input => input.data<float>().ToArray()));
    }

    [Fact]
    public void Batches_of_one_name_in_several_files_stay_batches()
    {
        using var loader = Open(new() { AsBatches = true }, Npz("part-10.npz", ("batch0", [5f])), Npz("part-2.npz", ("batch1", [3f, 4f]), ("batch0", [1f, 2f])));

        Assert.Equal([[1f, 2f], [3f, 4f], [5f]], loader.Read().Select(batch => batch.Inputs[0].data<float>().ToArray()));
    }

    [Fact]
    public void A_file_of_another_shape_is_named()
    {
        var wide = _folder.File("b.npy");
        File.WriteAllBytes(wide, Array("(1, 2)", 1, 2));

        var error = Assert.Throws<PreciseBnException>(() => Open(new(), Npy("a.npy", 1), wide, Npy("c.npy", 1)));

        Assert.Equal(("PartsDiffer", wide), (error.ErrorId, error.Target));
        Assert.Contains("Float32 [1, 2]", error.Message);
        Assert.Contains("a.npy' is Float32 [1]", error.Message);
    }

    [Fact]
    public void A_file_that_lacks_a_key_is_named()
    {
        var error = Assert.Throws<PreciseBnException>(() => Open(
            new() { Keys = ["images"] }, Npz("a.npz", ("images", [1f])), Npz("b.npz", ("pictures", [1f]))));

        Assert.Equal("KeyNotFound", error.ErrorId);
        Assert.Contains("b.npz", error.Message);
        Assert.Contains("'pictures'", error.Message);
    }

    public void Dispose() => _folder.Dispose();

    private static BnDataLoader Open(BnDataLoaderOptions options, params string[] paths) => BnDataLoader.FromFiles(paths, options with { Order = options.Order ?? DataOrder.Sequential });

    private static float[] Values(BnDataLoader loader) => loader.Read().SelectMany(batch => batch.Inputs[0].data<float>().ToArray()).ToArray();

    private string Npy(string name, params float[] values)
    {
        File.WriteAllBytes(_folder.File(name), Array($"({values.Length},)", values));
        return _folder.File(name);
    }

    private string Npz(string name, params (string Name, float[] Values)[] arrays)
    {
        using var zip = ZipFile.Open(_folder.File(name), ZipArchiveMode.Create);
        foreach (var (array, values) in arrays)
        {
            using var entry = zip.CreateEntry($"{array}.npy").Open();
            entry.Write(Array($"({values.Length},)", values));
        }
        return _folder.File(name);
    }

    private static byte[] Array(string shape, params float[] values)
    {
        var header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n";
        return [0x93, .. "NUMPY\x01\0"u8, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. values.SelectMany(BitConverter.GetBytes)];
    }
}
