using System.IO.Compression;
using System.Text.Json;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace PreciseBn.Tests;

/// <summary>Files with tensors as people have them are read, and what cannot be read is named for what it is.</summary>
public sealed class CheckpointKindTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("compile-ddp.pth")]
    [InlineData("fsdp.pth")]
    [InlineData("ckpt-wrapped.pth")]
    public void Layers_have_the_numbers_that_PyTorch_put_there(string fixture)
    {
        var layers = Runs.Read(Checkpoint(fixture)).Layers;

        foreach (var (name, mean, variance) in Expected())
        {
            var layer = layers.Single(layer => layer.Name == name || layer.Name.EndsWith('.' + name));
            Assert.Equal(mean, layer.Mean);
            Assert.Equal(variance, layer.Variance);
        }
    }

    [Fact]
    public void What_cpp_writes_is_read_and_changed()
    {
        var path = _folder.Copy("checkpoints/cpp-module.pt", "cpp-module.pt");

        var layers = Runs.Read(path).Layers;
        Runs.Apply(path, layers.Select(layer => layer with { BatchesTracked = 99 }).ToArray());

        Assert.Equal(["bn", "bn2", "seq.1"], layers.Select(layer => layer.Name));
        Assert.Equal([0.04118610545992851, 0.07498697936534882, -0.0958288386464119, -0.03836153447628021], layers[1].Mean);
        Assert.Equal([0.6331642270088196, 0.6447286605834961, 0.6197420954704285, 0.6328613758087158], layers[1].Variance);
        Assert.Equal(new long?[] { 5, 5, 0 }, layers.Select(layer => layer.BatchesTracked));
        Assert.All(Runs.Read(path).Layers, layer => Assert.Equal(99, layer.BatchesTracked));
    }

    [Fact]
    public void What_cpp_writes_cannot_be_run_and_says_so()
    {
        using var data = Runs.Digits();
        var path = _folder.Copy("checkpoints/cpp-module.pt", "cpp-module.pt");

        Assert.Equal("NoCodeToRun", Assert.Throws<PreciseBnException>(() => Runs.Update(path, data)).ErrorId);
    }

    [Fact]
    public void Files_of_torch_save_with_an_index_are_read_and_changed_in_each()
    {
        foreach (var file in new[] { "pytorch_model.bin.index.json", "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin" })
            _folder.Copy("checkpoints/" + file, file);
        var path = _folder.File("pytorch_model.bin.index.json");

        var layers = Runs.Read(path).Layers;
        Runs.Apply(path, layers.Select(layer => layer with { Mean = layer.Mean.Select(value => value + 1).ToArray() }).ToArray());

        Assert.Equal(["1", "4"], layers.Select(layer => layer.Name));
        Assert.Equal(layers.SelectMany(layer => layer.Mean).Select(value => (double)(float)(value + 1)), Runs.Read(path).Layers.SelectMany(layer => layer.Mean));
        Assert.Equal(layers[1].Variance, Runs.Read(_folder.File("pytorch_model-00002-of-00002.bin")).Layers.Single().Variance);
    }

    [Fact]
    public void An_index_decides_which_file_a_tensor_is_taken_from()
    {
        _folder.Copy("checkpoints/pytorch_model-00001-of-00002.bin", "a.bin");
        _folder.Copy("checkpoints/pytorch_model-00001-of-00002.bin", "b.bin");
        Runs.Apply(_folder.File("b.bin"), [Runs.Read(_folder.File("a.bin")).Layers.Single() with { BatchesTracked = 77 }]);
        var path = _folder.File("x.index.json");
        File.WriteAllText(path, """{"weight_map":{"0.weight":"a.bin","1.running_mean":"b.bin","1.running_var":"b.bin","1.num_batches_tracked":"b.bin"}}""");

        Assert.Equal(77, Runs.Read(path).Layers.Single().BatchesTracked);
    }

    [Fact]
    public void Statistics_that_an_index_names_and_a_file_lacks_are_missed()
    {
        _folder.Copy("checkpoints/pytorch_model-00001-of-00002.bin", "a.bin");
        var path = _folder.File("x.index.json");
        File.WriteAllText(path, """{"weight_map":{"1.running_mean":"a.bin","4.running_mean":"a.bin"}}""");

        Assert.Contains("'4.running_mean'", Fails("DamagedFile", path).Message);
    }

    [Fact]
    public void One_number_for_all_channels_is_read_and_only_equal_ones_are_written()
    {
        var path = _folder.Copy("checkpoints/expanded.pth", "expanded.pth");
        var layer = Runs.Read(path).Layers.Single(layer => layer.Name == "bn");
        Assert.Equal(new double[6], layer.Mean);
        Assert.Equal([1, 1, 1, 1, 1, 1], layer.Variance);

        Runs.Apply(path, [layer with { Mean = [2, 2, 2, 2, 2, 2] }], new() { AllowPartial = true });
        var before = File.ReadAllBytes(path);
        var error = Assert.Throws<PreciseBnException>(() => Runs.Apply(path, [layer with { Mean = [1, 2, 3, 4, 5, 6] }], new() { AllowPartial = true }));

        Assert.Equal("SharedStatistics", error.ErrorId);
        Assert.Contains("one number for all its channels", error.Message);
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Equal([2, 2, 2, 2, 2, 2], Runs.Read(path).Layers.Single(layer => layer.Name == "bn").Mean);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    public void What_TorchSharp_saves_is_read_and_loads_again_with_new_statistics(ScalarType type)
    {
        var path = _folder.File("net.dat");
        using var module = Network(type);
        module.save(path);
        var original = File.ReadAllBytes(path);
        using var mean = module.state_dict()["größe.running_mean"].to(float64);

        var layer = Runs.Read(path).Layers.Single();
        Runs.Apply(path, [layer with { Variance = [4, 0.25, 16], BatchesTracked = 1000 }]);
        using var loaded = Network(type);
        loaded.load(path);

        Assert.Equal("größe", layer.Name);
        Assert.Equal(mean.data<double>().ToArray(), layer.Mean);
        Assert.Equal([1, 1, 1], layer.Variance);
        Assert.Equal(0, layer.BatchesTracked);
        using var variance = loaded.state_dict()["größe.running_var"].to(float64);
        Assert.Equal([4, 0.25, 16], variance.data<double>().ToArray());
        Assert.Equal(1000, loaded.state_dict()["größe.num_batches_tracked"].item<long>());
        Runs.Apply(path, [layer]);
        Assert.Equal(original, File.ReadAllBytes(path));
    }

    [Fact]
    public void What_TorchSharp_saved_and_something_cut_off_is_damaged()
    {
        var path = _folder.File("net.dat");
        using (var module = Network(ScalarType.Float32))
            module.save(path);
        using (var file = File.OpenWrite(path))
            file.SetLength(file.Length - 3);

        Fails("DamagedFile", path);
    }

    [Theory]
    [InlineData("dtensor.pth", "bn.running_mean", "DTensor", "full_tensor()")]
    [InlineData("meta.pth", "bn.running_mean", "'meta'", "loaded")]
    [InlineData("numpy-dict.pth", "bn.running_mean", "NumPy", "torch.from_numpy")]
    public void Statistics_that_are_no_tensors_are_named(string fixture, string name, string kind, string remedy)
    {
        var error = Fails("ForeignStatistics", Checkpoint(fixture));

        Assert.Contains($"'{name}'", error.Message);
        Assert.Contains(kind, error.Message);
        Assert.Contains(remedy, error.Advice);
    }

    public static TheoryData<byte[], string, string> Foreign => new()
    {
        { [0x89, .. "HDF\r\n\x1a\n"u8, 0, 0, 0], "HDF5", "PyTorch" },
        { [0x08, 0x08, 0x12, 0x07, .. "pytorch"u8, 0x1a], "ONNX", "torch.jit.save" },
        { [.. "GGUF"u8, 3, 0, 0, 0], "GGUF", "BatchNorm" },
        { [.. new byte[257], .. "ustar\0"u8, .. new byte[300]], "tar", "Unpack" },
        { [0x1f, 0x8b, 8, 0], "gzip", "Unpack" },
        { [0x28, 0xb5, 0x2f, 0xfd, 0], "Zstandard", "Unpack" },
        { [24, 0, 0, 0, .. "PTMF"u8, 0, 0], ".ff", "torch.jit.save" },
        { [28, 0, 0, 0, .. "TFL3"u8, 0, 0], "TensorFlow Lite", "PyTorch" },
        { [0x80, 0x04, 0x95, .. "}."u8], "pickle", "torch.save" },
        { [.. "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"u8], "Git LFS", "git lfs pull" },
        { [.. "\n<!doctype html><html><body>404</body></html>"u8], "HTML", "Download" },
        { [.. "<?xml version=\"1.0\"?><net/>"u8], "XML", "PyTorch" },
        { [.. "{\"architectures\": [\"ResNet\"]}"u8], "JSON", ".index.json" },
        { [0x93, .. "NUMPY"u8, 1, 0], "NumPy", "data" },
    };

    [Theory]
    [MemberData(nameof(Foreign))]
    public void Files_of_others_are_known_by_their_first_bytes(byte[] bytes, string what, string advice)
    {
        var path = _folder.File("model.pt");
        File.WriteAllBytes(path, bytes);

        var error = Fails("OtherFormat", path);

        Assert.Contains(what, error.Message);
        Assert.Contains(advice, error.Advice);
    }

    [Theory]
    [InlineData("model.weights.h5", "OtherFormat", "Keras")]
    [InlineData("bn.running_mean.npy", "OtherFormat", "NumPy")]
    [InlineData("MAR-INF/MANIFEST.json", "OtherFormat", "TorchServe")]
    [InlineData("readme.txt", "NotAModel", "something else")]
    public void Archives_of_others_are_known_by_what_they_have(string entry, string errorId, string what)
    {
        var path = _folder.File("model.pt");
        using (var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create))
            zip.CreateEntry(entry);

        Assert.Contains(what, Fails(errorId, path).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".metadata")]
    [InlineData("__0_0.distcp")]
    public void A_distributed_checkpoint_is_told_how_it_becomes_a_file(string part)
    {
        var folder = Directory.CreateDirectory(_folder.File("dcp")).FullName;
        File.WriteAllBytes(Path.Combine(folder, ".metadata"), [0x80, 0x02]);
        File.Copy(Checkpoint("compile-ddp.pth"), Path.Combine(folder, "__0_0.distcp"));

        var error = Fails("DistributedCheckpoint", Path.Combine(folder, part).TrimEnd(Path.DirectorySeparatorChar));

        Assert.Contains($"dcp_to_torch \"{folder}\"", error.Advice);
    }

    [Fact]
    public void A_path_that_no_file_can_have_is_an_error() => Fails("InvalidPath", _folder.File("a\0b.pt"));

    [Theory]
    [InlineData("{\"weight_map\":{\"a\":null}}")]
    [InlineData("{\"weight_map\":null}")]
    [InlineData("{\"weight_map\":[\"a.bin\"]}")]
    [InlineData("{\"weight_map\":{\"a\":\"\"}}")]
    [InlineData("null")]
    public void A_wrong_index_is_damaged(string json)
    {
        var path = _folder.File("x.index.json");
        File.WriteAllText(path, json);

        Fails("DamagedFile", path);
    }

    [Fact]
    public void An_index_cannot_name_a_path_that_no_file_can_have()
    {
        var path = _folder.File("x.index.json");
        File.WriteAllText(path, "{\"weight_map\":{\"a\":\"b\\u0000c\"}}");

        Fails("InvalidPath", path);
    }

    public void Dispose() => _folder.Dispose();

    private static PreciseBnException Fails(string errorId, string path)
    {
        var error = Assert.Throws<PreciseBnException>(() => Runs.Read(path));
        Assert.Equal(errorId, error.ErrorId);
        return error;
    }

    private static string Checkpoint(string name) => Fixtures.Path("checkpoints/" + name);

    private static List<(string Name, double[] Mean, double[] Variance)> Expected()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Checkpoint("expected.json")));
        double[] Numbers(JsonElement numbers) => numbers.EnumerateArray().Select(number => number.GetDouble()).ToArray();
        return json.RootElement.EnumerateObject()
            .Select(layer => (layer.Name, Numbers(layer.Value.GetProperty("mean")), Numbers(layer.Value.GetProperty("var")))).ToList();
    }

    private static Module<Tensor, Tensor> Network(ScalarType type)
    {
        var network = Sequential(("conv", Conv2d(1, 3, 3)), ("größe", BatchNorm2d(3)));
        using var mean = tensor(new[] { 0.5f, -1, 2 });
        using (no_grad())
            network.state_dict()["größe.running_mean"].copy_(mean);
        return network.to(type);
    }
}
