using System.Runtime.InteropServices;
using System.Text;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp;

namespace PreciseBn.Tests;

/// <summary>What has no average is refused before anything is written, by the names of the files and of what differs.</summary>
public sealed class AveragingRefusalTests : IDisposable
{
    private static readonly long[] Order = [2, 0, 3, 1];

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Code_that_differs_is_shown()
    {
        ArchiveEditor.RewriteCode(Epoch("scripted-2.6", 9, "pt"), _folder.File("other.pt"), "torch.relu((bn)", "torch.sigmoid((bn)");

        var error = Refuses("FilesDiffer", _folder.File("other.pt"), Epoch("scripted-2.6", 10, "pt"));

        Assert.Contains("other.pt' and ", error.Message);
        Assert.Contains("the code of __torch__.Net#1 is", error.Message);
        Assert.Contains("torch.sigmoid((bn)", error.Message);
        Assert.Contains("torch.relu((bn)", error.Message);
    }

    [Fact]
    public void Attributes_that_differ_are_named() => Assert.Contains(
        "'training' is 'True' in the first, 'False' in the second", Refuses("FilesDiffer", Fixtures.Path("digits.scripted-training.pt"), Fixtures.Path("digits.scripted.pt")).Message);

    [Fact]
    public void A_scripted_model_is_not_a_traced_one() =>
        Assert.Contains("the code of __torch__.Net#1 is", Refuses("FilesDiffer", Epoch("scripted-2.6", 9, "pt"), Epoch("traced-2.6", 9, "pt")).Message);

    [Fact]
    public void Kinds_of_files_that_differ_are_named() => Assert.Contains(
        "the first is a file of torch.save, the other a TorchScript model", Refuses("FilesDiffer", Epoch("checkpoint-2.6", 9, "pth"), Epoch("scripted-2.6", 9, "pt")).Message);

    [Fact]
    public void Programs_that_differ_are_shown()
    {
        ArchiveEditor.Rewrite(Epoch("exported-2.6", 9, "pt2"), _folder.File("other.pt2"), (name, bytes) => name == "serialized_exported_program.json"
            ? Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes).Replace("aten.relu.", "aten.sigmoid.")) : bytes);

        var error = Refuses("FilesDiffer", _folder.File("other.pt2"), Epoch("exported-2.6", 10, "pt2"));

        Assert.Contains("operation 3 is ", error.Message);
        Assert.Contains("sigmoid", error.Message);
    }

    [Theory]
    [InlineData(3, 4, "'weight' is Float32 [2, 3] in the first, Float32 [2, 4] in the second", false)]
    [InlineData(3, 3, "'bias' is in the second only", true)]
    public void Tensors_that_differ_are_named(int first, int second, string difference, bool isWithoutBias)
    {
        var one = Linear("one.dat", first, hasBias: !isWithoutBias);
        var other = Linear("other.dat", second, hasBias: true);

        Assert.Contains(difference, Refuses("FilesDiffer", one, other).Message);
    }

    [Theory]
    [InlineData("tied", "untied", "'b' and 'a' share memory in the first only")]
    [InlineData("untied", "tied", "'b' and 'a' share memory in the second only")]
    [InlineData("transposed", "untied", "the numbers of 'a' have another order in memory")]
    public void Tensors_that_lie_otherwise_in_memory_are_named(string first, string second, string difference) =>
        Assert.Contains(difference, Refuses("FilesDiffer", Odd(first), Odd(second)).Message);

    // Their bytes are the same.
    [Fact]
    public void Pairs_of_numbers_are_no_complex_numbers() =>
        Assert.Contains("the kind of the numbers of 'b'", Refuses("FilesDiffer", Odd("complex"), Odd("pairs")).Message);

    [Theory]
    [InlineData("quantized", "a quantized tensor")]
    [InlineData("conjugate", "a tensor of the kind torch.ComplexFloatStorage")]
    [InlineData("complex-half", "a tensor of the kind torch.complex32")]
    [InlineData("float8", "a tensor of the kind torch.float8_e5m2")]
    public void Tensors_that_have_no_average_are_named(string name, string what)
    {
        var error = Refuses("TensorNotAveraged", Odd("untied"), Odd(name));

        Assert.Contains("'b' of ", error.Message);
        Assert.Contains(what, error.Message);
    }

    [Fact]
    public void Numbers_of_8_bits_in_safetensors_are_named()
    {
        var path = _folder.File("eight.safetensors");
        var header = Encoding.UTF8.GetBytes("""{"w":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}""");
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)header.Length), .. header, 1, 2]);

        Assert.Contains("'w'", Refuses("TensorNotAveraged", path, Epoch("tensors-2.6", 9, "safetensors")).Message);
    }

    [Fact]
    public void Bytes_that_are_numbers_of_two_formats_have_no_average()
    {
        var path = _folder.File("both.safetensors");
        var header = Encoding.UTF8.GetBytes("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}""");
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)header.Length), .. header, 0, 0, 0, 0]);

        Assert.Contains("'a' and 'b'", Refuses("TensorNotAveraged", Epoch("tensors-2.6", 9, "safetensors"), path).Message);
    }

    [Fact]
    public void Integers_that_differ_have_no_average()
    {
        Change("scripted-2.6", 9, "integers.pt", bytes => bytes.Length == 32 && MemoryMarshal.Cast<byte, long>(bytes).SequenceEqual(Order), bytes => bytes.Reverse().ToArray());

        Assert.Contains("the numbers of 'order' (Int64 [4])", Refuses("FilesDiffer", _folder.File("integers.pt"), Epoch("scripted-2.6", 10, "pt")).Message);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void A_weight_that_is_not_finite_is_found(float value)
    {
        // The only memory of 288 bytes is that of the convolution.
        Change("scripted-2.6", 9, "bad.pt", bytes => bytes.Length == 288, bytes => [.. bytes[..100], .. BitConverter.GetBytes(value), .. bytes[104..]]);

        var error = Refuses("NotFiniteWeight", Epoch("scripted-2.6", 2, "pt"), _folder.File("bad.pt"), Epoch("scripted-2.6", 10, "pt"));

        Assert.Contains($"'conv.weight' of '{_folder.File("bad.pt")}'", error.Message);
        Assert.Contains(value.ToString(System.Globalization.CultureInfo.InvariantCulture), error.Message);
    }

    [Fact]
    public void Damage_is_not_averaged_into_the_result()
    {
        var path = _folder.Copy("averaging/scripted-2.6.epoch-2.pt", "damaged.pt");
        var bytes = File.ReadAllBytes(path);
        var weight = WeightReader.Read(path, "conv.bias").SelectMany(value => BitConverter.GetBytes((float)value)).ToArray();
        bytes[bytes.AsSpan().IndexOf(weight)] ^= 1;
        File.WriteAllBytes(path, bytes);

        Assert.Contains("the numbers of 'conv.bias' do not match their checksum", Refuses("DamagedFile", path, Epoch("scripted-2.6", 9, "pt"), Epoch("scripted-2.6", 10, "pt")).Message);
    }

    [Fact]
    public void A_file_counts_once()
    {
        var path = Epoch("scripted-2.6", 9, "pt");
        Assert.Contains("was given twice", Refuses("FileTwice", path, Epoch("scripted-2.6", 10, "pt"), path).Message);
        var one = _folder.Copy("averaging/scripted-2.6.epoch-9.pt", "one.pt");
        if (OperatingSystem.IsWindows())
            return;
        File.CreateSymbolicLink(_folder.File("link.pt"), one);
        Assert.Contains("are one file", Refuses("FileTwice", one, Epoch("scripted-2.6", 10, "pt"), _folder.File("link.pt")).Message);
    }

    [Fact]
    public void One_file_has_no_average()
    {
        Refuses("NothingToAverage", Epoch("scripted-2.6", 9, "pt"));
        Refuses("NothingToAverage");
    }

    [Fact]
    public void What_files_count_for_makes_sense()
    {
        foreach (var weights in new double[][] { [0, 0], [1, -1], [1, double.NaN], [double.PositiveInfinity, 1], [] })
            Assert.Equal("InvalidOption", Assert.Throws<PreciseBnException>(() => new AverageOptions { Weights = weights }).ErrorId);
        foreach (var decay in new[] { 1, -0.1, double.NaN })
            Assert.Equal("InvalidOption", Assert.Throws<PreciseBnException>(() => new AverageOptions { Decay = decay }).ErrorId);
        Assert.Equal("WrongWeightCount", Assert.Throws<PreciseBnException>(() => BnAverager.Shares(["a", "b"], new() { Weights = [1] })).ErrorId);
        Assert.Equal("InvalidOption", Assert.Throws<PreciseBnException>(() => BnAverager.Shares(["a", "b"], new() { Weights = [1, 2], Decay = 0.5 })).ErrorId);
        Assert.Equal([0.25, 0.75], BnAverager.Shares(["a", "b"], new() { Weights = [5e307, 1.5e308] }).Select(share => Math.Round(share, 12)));
        Assert.Equal([0.81, 0.09, 0.1], BnAverager.Shares(["a", "b", "c"], new() { Decay = 0.9 }).Select(share => Math.Round(share, 12)));
    }

    [Fact]
    public void The_destination_is_none_of_the_files_and_no_other_file_unless_that_is_forced()
    {
        string[] files = [_folder.Copy("averaging/scripted-2.6.epoch-9.pt", "a.pt"), _folder.Copy("averaging/scripted-2.6.epoch-10.pt", "b.pt")];
        var before = files.Select(File.ReadAllBytes).ToArray();
        foreach (var file in files)
            Assert.Equal("DestinationIsSource", Assert.Throws<PreciseBnException>(() => BnAverager.Average(files, file, new() { Force = true })).ErrorId);
        Assert.Equal(before, files.Select(File.ReadAllBytes));

        var destination = _folder.File("c.pt");
        File.WriteAllText(destination, "mine");
        Assert.Equal("DestinationExists", Assert.Throws<PreciseBnException>(() => BnAverager.Average(files, destination)).ErrorId);
        Assert.Equal("mine", File.ReadAllText(destination));
        BnAverager.Average(files, destination, new() { Force = true, Backup = true });
        Assert.Equal("mine", File.ReadAllText(destination + ".bak"));
        Assert.Single(Runs.Read(destination).Layers);
    }

    [Fact]
    public void A_file_that_changes_meanwhile_is_seen()
    {
        var path = _folder.Copy("averaging/scripted-2.6.epoch-2.pt", "changing.pt");
        var progress = new Recorder<AverageProgress>(value =>
        {
            if (value.Fraction > 0)
                File.AppendAllText(path, " ");
        });

        Assert.Equal("FileChanged", Assert.Throws<PreciseBnException>(() => BnAverager.Average(
            [path, Epoch("scripted-2.6", 10, "pt")], _folder.File("average.pt"), progress: progress)).ErrorId);
        Assert.Equal(["changing.pt"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Cancelling_leaves_nothing_behind()
    {
        using var cancellation = new CancellationTokenSource();
        var progress = new Recorder<AverageProgress>(value =>
        {
            if (value.Fraction > 0)
                cancellation.Cancel();
        });

        Assert.ThrowsAny<OperationCanceledException>(() => BnAverager.Average(
            [Epoch("scripted-2.6", 2, "pt"), Epoch("scripted-2.6", 10, "pt")], _folder.File("average.pt"), null, progress, cancellation.Token));

        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void What_has_no_weights_says_so()
    {
        Refuses("NoWeights", Odd("untied"), Odd("numbers-only"));
        Refuses("ShardsNotAveraged", Odd("untied"), Fixtures.Path("checkpoints/pytorch_model.bin.index.json"));
    }

    public void Dispose() => _folder.Dispose();

    private PreciseBnException Refuses(string id, params string[] files)
    {
        var destination = _folder.File("average.out");
        var error = Assert.Throws<PreciseBnException>(() => BnAverager.Average(files, destination));
        Assert.Equal(id, error.ErrorId);
        Assert.False(File.Exists(destination));
        Assert.Empty(new DirectoryInfo(_folder.Path).GetFiles(".*"));
        return error;
    }

    private void Change(string kind, int epoch, string name, Func<byte[], bool> where, Func<byte[], byte[]> change) =>
        ArchiveEditor.Rewrite(Epoch(kind, epoch, "pt"), _folder.File(name), (entry, bytes) => entry.Contains("/data/") && where(bytes) ? change(bytes) : bytes);

    private string Linear(string name, int inputs, bool hasBias)
    {
        using var module = torch.nn.Linear(inputs, 2, hasBias);
        module.save(_folder.File(name));
        return _folder.File(name);
    }

    private static string Odd(string name) => Fixtures.Path($"averaging/{name}-2.6.pth");

    private static string Epoch(string kind, int epoch, string ending) => Fixtures.Path($"averaging/{kind}.epoch-{epoch}.{ending}");
}
