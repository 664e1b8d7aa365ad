using System.Text;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Tensors of torch.save are data: one, or several by name. The values stand in tests/fixtures/README.md.</summary>
public sealed class TensorFileTests : IDisposable
{
    private static readonly float[] Counting = Enumerable.Range(0, 12).Select(i => (float)i).ToArray();

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_tensor_needs_no_key()
    {
        using var loader = Open("tensors/tensor.pt", new() { BatchSize = 3 });

        Assert.Equal([[3L, 3L], [1L, 3L]], loader.Read().Select(batch => batch.Inputs[0].shape));
        Assert.Equal(Counting, Values(loader));
    }

    [Theory]
    [InlineData("tensors/dictionary.pt", "labels", "7 9")]
    [InlineData("tensors/dictionary.pt", "more.right.0", "100 101 102 103 104 105 106 107 108 109 110 111")]
    [InlineData("tensors/tuple.pt", "1", "3 1 4 1")]
    [InlineData("tensors/dataset.pt", "tensors.1", "1 2 3 4 5 6 7 8 9 10 11 12")]
    [InlineData("tensors/views.pt", "transposed", "0 3 6 9 1 4 7 10 2 5 8 11")]
    [InlineData("tensors/views.pt", "every_second", "3 4 5 9 10 11")]
    [InlineData("tensors/views.pt", "columns", "1 2 4 5 7 8 10 11")]
    [InlineData("tensors/views.pt", "part", "6 7 8 9 10 11")]
    [InlineData("tensors/views.pt", "half", "0.5 1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5 9.5 10.5 11.5")]
    [InlineData("tensors/views.pt", "bfloat16", "0 1 2 3 4 5 6 7 8 9 10 11")]
    [InlineData("tensors/views.pt", "parameter", "1 2 3 4 5 6 7 8 9 10 11 12")]
    public void A_key_chooses_among_several_also_of_views(string fixture, string key, string values)
    {
        using var loader = Open(fixture, new() { Keys = [key] });

        Assert.Equal(values.Split(' ').Select(value => float.Parse(value, System.Globalization.CultureInfo.InvariantCulture)), Values(loader));
    }

    [Theory]
    [InlineData("tensors/dictionary.pt", "images")]
    [InlineData("tensors/views.pt", "channels_last")]
    public void Images_are_the_same_in_any_memory_format(string fixture, string key)
    {
        using var loader = Open(fixture, new() { Keys = [key], Mean = [0.5], StandardDeviation = [0.25] });

        using var batch = loader.Read().Single();

        Assert.Equal([2, 3, 2, 2], batch.Inputs[0].shape);
        Assert.Equal(Enumerable.Range(0, 24).Select(i => ((i * 10 / 255f) - 0.5f) / 0.25f), batch.Inputs[0].data<float>());
    }

    [Fact]
    public void A_repeated_item_takes_no_memory_for_its_repetitions()
    {
        using var loader = Open("tensors/views.pt", new() { Keys = ["repeated"], BatchSize = 1000 });

        Assert.Equal(Enumerable.Range(0, 3000).Select(i => (float)(i % 3)), Values(loader));
    }

    [Fact]
    public void Several_keys_make_several_inputs()
    {
        using var loader = Open("tensors/tuple.pt", new() { Keys = ["1", "0"] });

        using var batch = loader.Read().Single();

        Assert.Equal([ScalarType.Int64, ScalarType.Float32], batch.Inputs.Select(input => input.dtype));
    }

    [Fact]
    public void Compressed_by_a_zip_program_it_still_is_read()
    {
        var path = _folder.File("tensor.pt");
        using (var input = System.IO.Compression.ZipFile.OpenRead(Fixtures.Path("tensors/tensor.pt")))
        using (var output = new System.IO.Compression.ZipArchive(File.Create(path), System.IO.Compression.ZipArchiveMode.Create))
        {
            foreach (var entry in input.Entries)
            {
                using var source = entry.Open();
                using var written = output.CreateEntry(entry.FullName, System.IO.Compression.CompressionLevel.SmallestSize).Open();
                source.CopyTo(written);
            }
        }
        using var loader = BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential });

        Assert.Equal(Counting, Values(loader));
    }

    [Theory]
    [InlineData("digits.scripted.pt", "a TorchScript model")]
    [InlineData("digits.exported-2.6.pt2", "an exported program")]
    [InlineData("digits.exported-2.14.pt2", "an exported program")]
    [InlineData("digits.state_dict.pth", "a checkpoint")]
    [InlineData("tensors/module.pt", "a checkpoint")]
    public void A_model_is_no_data(string fixture, string kind) => AssertFails("ModelAsData", kind, () => Open(fixture, new()));

    [Theory]
    [InlineData("tensors/dictionary.pt", "", "KeyNeeded", "'images', 'labels', 'more.left', 'more.right.0'")]
    [InlineData("tensors/dictionary.pt", "pictures", "KeyNotFound", "'images', 'labels'")]
    [InlineData("tensors/views.pt", "empty", "NoItems", "'empty'")]
    [InlineData("tensors/views.pt", "scalar", "NoItems", "'scalar'")]
    [InlineData("tensors/old-format.pt", "", "UnsupportedFile", "before PyTorch 1.6")]
    [InlineData("tensors/complex.pt", "", "NoArrays", "complex.pt")]
    [InlineData("tensors/negated.pt", "", "UnsupportedFile", "stored with other signs")]
    public void What_cannot_be_used_is_an_error(string fixture, string key, string errorId, string mentioned) =>
        AssertFails(errorId, mentioned, () => Open(fixture, new() { Keys = key.Length == 0 ? [] : [key] }));

    // In the pickle of the tensor: offset 0, shape (4, 3), strides (3, 1).
    [Theory]
    [InlineData("more items than the storage has", "J\xff\xff\xff\x7fK\x03\x86", "K\x03K\x01\x86", "DamagedFile")]
    [InlineData("one number more than the storage has", "K\x04K\x04\x86", "K\x03K\x01\x86", "DamagedFile")]
    [InlineData("negative shape", "J\xff\xff\xff\xffK\x03\x86", "K\x03K\x01\x86", "DamagedFile")]
    [InlineData("negative stride", "K\x04K\x03\x86", "J\xff\xff\xff\xffK\x01\x86", "DamagedFile")]
    [InlineData("stride that overflows", "K\x04K\x03\x86", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\x01\x86", "DamagedFile")]
    [InlineData("item repeated without end", "K\x04J\xff\xff\xff\x7f\x86", "K\x03K\x00\x86", "LimitExceeded")]
    [InlineData("items repeated without end", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\x03\x86", "K\x00K\x01\x86", "LimitExceeded")]
    [InlineData("more items than can be ordered", "\x8a\x05\x00\x00\x00\x00\x01K\x03\x86", "K\x00K\x01\x86", "TooManyItems")]
    public void A_hostile_shape_is_refused_before_memory_is_taken(string what, string shape, string strides, string errorId)
    {
        var path = Edit("K\x04K\x03\x86q\u0006K\x03K\x01\x86", $"{shape}q\u0006{strides}");
        var before = GC.GetAllocatedBytesForCurrentThread();

        AssertFails(errorId, path, () => BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential }));

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 10 << 20, what);
    }

    [Fact]
    public void A_pickle_that_would_run_a_program_in_Python_is_inert()
    {
        var path = Edit("ctorch._utils\n_rebuild_tensor_v2\n", "cos\nsystem\n");

        AssertFails("NoArrays", path, () => BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential }));
    }

    [Fact]
    public void Half_a_file_is_an_error()
    {
        var path = _folder.File("half.pt");
        File.WriteAllBytes(path, File.ReadAllBytes(Fixtures.Path("tensors/tensor.pt"))[..600]);

        AssertFails("TruncatedFile", path, () => BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential }));
    }

    public void Dispose() => _folder.Dispose();

    private static BnDataLoader Open(string fixture, BnDataLoaderOptions options) => BnDataLoader.FromFiles([Fixtures.Path(fixture)], options with { Order = options.Order ?? DataOrder.Sequential });

    private static float[] Values(BnDataLoader loader) => loader.Read().SelectMany(batch =>
    {
        using var values = batch.Inputs[0].to(ScalarType.Float32).contiguous();
        return values.data<float>().ToArray();
    }).ToArray();

    private string Edit(string old, string changed)
    {
        var path = _folder.File("edited.pt");
        ArchiveEditor.Rewrite(Fixtures.Path("tensors/tensor.pt"), path, (name, bytes) => name.EndsWith("data.pkl", StringComparison.Ordinal)
            ? Encoding.Latin1.GetBytes(Replace(Encoding.Latin1.GetString(bytes), old, changed))
            : bytes);
        return path;
    }

    private static string Replace(string text, string old, string changed)
    {
        Assert.Contains(old, text);
        return text.Replace(old, changed, StringComparison.Ordinal);
    }

    private static void AssertFails(string errorId, string mentioned, Func<object> action)
    {
        var error = Assert.Throws<PreciseBnException>(action);
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(mentioned, error.Message);
    }
}
