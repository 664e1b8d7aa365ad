using System.IO.Compression;
using System.Text;
using System.Text.Json;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp;

namespace PreciseBn.Tests;

/// <summary>
/// The average of files is that of their numbers in float64, rounded once, and the one that PyTorch's AveragedModel makes; all else
/// is as in the last file. What is expected comes from tests/fixtures/make/averaging.py.
/// </summary>
public sealed class AveragingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Files => new()
    {
        { "scripted-2.6", "pt" },
        { "scripted-2.14", "pt" },
        { "traced-2.6", "pt" },
        { "checkpoint-2.6", "pth" },
        { "checkpoint-2.14", "pth" },
        { "module-2.6", "pth" },
        { "tensors-2.6", "safetensors" },
        { "exported-2.6", "pt2" },
        { "exported-2.14", "pt2" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void All_count_the_same(string kind, string ending) => AssertAverage(kind, ending, "equal", null);

    [Theory]
    [MemberData(nameof(Files))]
    public void Each_counts_for_its_weight(string kind, string ending) => AssertAverage(kind, ending, "weighted", new() { Weights = [1, 2, 5] });

    [Theory]
    [MemberData(nameof(Files))]
    public void A_moving_average_forgets_as_its_decay_says(string kind, string ending) => AssertAverage(kind, ending, "moving", new() { Decay = 0.75 });

    [Theory]
    [MemberData(nameof(Files))]
    public void Parameters_are_those_of_AveragedModel(string kind, string ending)
    {
        foreach (var (name, options) in new (string, AverageOptions?)[] { ("equal", null), ("moving", new() { Decay = 0.75 }) })
        {
            var average = BnAverager.Average(Epochs(kind, ending), _folder.File($"{name}.{kind}.{ending}"), options);
            foreach (var parameter in Expected(kind).GetProperty("averaged_model").GetProperty(name).EnumerateObject())
            {
                // It adds up in the format of the parameter.
                var tolerance = parameter.Name switch { "brain" => 0.02, "wide" => ending == "safetensors" ? 1e-7 : 1e-14, _ => 1e-6 };
                AssertClose(Numbers(parameter.Value), WeightReader.Read(average.Path, Named(kind, parameter.Name)), tolerance);
            }
        }
    }

    [Theory]
    [InlineData("ComplexFloatStorage", 4)]
    [InlineData("ComplexDoubleStorage", 8)]
    public void Complex_numbers_are_averaged_part_by_part(string kind, int size)
    {
        double[][] parts = [.. new[] { 1, 2 }.Select(file => Enumerable.Range(0, 12).Select(i => Math.Sin(file * i)).ToArray())];
        byte[] Stored(double[] numbers) => numbers.SelectMany(number => size == 4 ? BitConverter.GetBytes((float)number) : BitConverter.GetBytes(number)).ToArray();
        double[] Numbers(byte[] bytes) => Enumerable.Range(0, 12).Select(i => size == 4 ? BitConverter.ToSingle(bytes, 4 * i) : BitConverter.ToDouble(bytes, 8 * i)).ToArray();
        for (var file = 0; file < 2; file++)
        {
            ArchiveEditor.Rewrite(Fixtures.Path("averaging/complex-2.6.pth"), _folder.File($"{file}.pth"), (name, bytes) =>
                name.EndsWith("data.pkl", StringComparison.Ordinal) ? Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(bytes).Replace("ComplexFloatStorage", kind))
                : name.EndsWith("/data/1", StringComparison.Ordinal) ? Stored(parts[file]) : bytes);
        }

        var average = BnAverager.Average([_folder.File("0.pth"), _folder.File("1.pth")], _folder.File("average.pth"), new() { Weights = [1, 3] });

        using var zip = ZipFile.OpenRead(average.Path);
        using var stream = zip.GetEntry("complex-2.6/data/1")!.Open();
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        var (first, second) = (Numbers(Stored(parts[0])), Numbers(Stored(parts[1])));
        Assert.Equal(Numbers(Stored([.. first.Zip(second, (one, other) => (one + (3 * other)) / 4)])), Numbers(memory.ToArray()), (one, other) => Math.Abs(one - other) <= 1e-15);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void All_but_the_weights_is_as_in_the_last_file(string kind, string ending)
    {
        var files = Epochs(kind, ending);
        var average = BnAverager.Average(files, _folder.File($"average.{ending}"));

        var (before, after) = (File.ReadAllBytes(files[^1]), File.ReadAllBytes(average.Path));
        Assert.Equal(before.Length, after.Length);
        // 98 of float32, of which 16 are tied, 4 of float64, 4 of bfloat16 and 4 of float16; the checksums of 8 to 10 memories, twice, and of what holds them.
        Assert.InRange(before.Zip(after).Count(pair => pair.First != pair.Second), 300, 600);
        var layer = average.Layers.Single();
        Assert.True(layer.IsStale);
        Assert.False(Runs.Read(average.Path).Layers.Single().IsStale);
        Assert.EndsWith("bn", layer.Name);
        Assert.Equal(Last(kind, "bn.running_mean"), layer.Mean);
        Assert.Equal(Last(kind, "bn.running_var"), layer.Variance);
        Assert.Equal((long)Last(kind, "bn.num_batches_tracked")[0], layer.BatchesTracked);
        Assert.Empty(new DirectoryInfo(_folder.Path).GetFiles(".*"));
    }

    [Fact]
    public void A_frozen_model_keeps_its_weights_in_constants_which_are_averaged()
    {
        var files = Epochs("frozen-2.6", "pt");
        var average = BnAverager.Average(files, _folder.File("average.pt"));

        // Freezing has made float32 of what is bfloat16 in the other, so that its average is not rounded to that.
        using var input = torch.randn(4, 2, 6, 6);
        var scripted = BnAverager.Average(Epochs("scripted-2.6", "pt"), _folder.File("scripted.pt"));
        var outputs = Run(average.Path, input);
        Assert.InRange(outputs.Zip(Run(scripted.Path, input)).Max(pair => Math.Abs(pair.First - pair.Second)), 0, 0.01);
        Assert.InRange(outputs.Zip(Run(files[^1], input)).Max(pair => Math.Abs(pair.First - pair.Second)), 0.1, 10);
        Assert.Single(average.Layers);
    }

    [Fact]
    public void Of_equal_numbers_the_average_is_that_number_in_any_format()
    {
        var file = Fixture("scripted-2.6", 10, "pt");
        var copies = Enumerable.Range(0, 7).Select(i => _folder.Copy(file, $"copy-{i}.pt")).ToArray();

        var average = BnAverager.Average(copies, _folder.File("average.pt"), new() { Weights = [0.1, 0, 3, 0.7, 1e300, 1e-300, 1.0 / 3] });

        Assert.Equal(File.ReadAllBytes(copies[0]), File.ReadAllBytes(average.Path));
    }

    [Fact]
    public void Averages_halfway_between_two_numbers_are_rounded_to_the_even_one()
    {
        // Of ten numbers with 24 bits many averages are.
        var weights = Enumerable.Range(0, 10).Select(i =>
        {
            using var module = torch.nn.Linear(50, 60, hasBias: false);
            module.save(_folder.File($"random-{i}.dat"));
            return module.weight!.data<float>().ToArray();
        }).ToArray();

        var average = BnAverager.Average(weights.Select((_, i) => _folder.File($"random-{i}.dat")).ToArray(), _folder.File("average.dat"));

        using var written = torch.nn.Linear(50, 60, hasBias: false);
        written.load(average.Path);
        Assert.Equal(Enumerable.Range(0, 3000).Select(i => (float)(weights.Sum(file => (double)file[i]) / 10)), written.weight!.data<float>());
    }

    [Fact]
    public void A_file_that_counts_for_nothing_changes_nothing()
    {
        var files = Epochs("scripted-2.6", "pt");
        var two = BnAverager.Average([files[0], files[2]], _folder.File("two.pt"));
        var three = BnAverager.Average(files, _folder.File("three.pt"), new() { Weights = [1, 0, 1] });
        Assert.Equal(File.ReadAllBytes(two.Path), File.ReadAllBytes(three.Path));

        // Of the last file then only what is no weight.
        var firsts = BnAverager.Average(files, _folder.File("firsts.pt"), new() { Weights = [1, 0, 0] });
        Assert.Equal(WeightReader.Read(files[0], "conv.weight"), WeightReader.Read(firsts.Path, "conv.weight"));
        Assert.Equal(Last("scripted-2.6", "bn.running_mean"), firsts.Layers.Single().Mean);

        var lasts = BnAverager.Average(files, _folder.File("lasts.pt"), new() { Decay = 0 });
        Assert.Equal(File.ReadAllBytes(files[2]), File.ReadAllBytes(lasts.Path));
    }

    [Fact]
    public void What_a_checkpoint_has_beside_its_state_dict_is_of_the_last_file()
    {
        var average = BnAverager.Average(Epochs("checkpoint-2.6", "pth"), _folder.File("checkpoint.pth"));

        Assert.Equal(["best"], average.LeftOut);
        foreach (var name in new[] { "optimizer.state.0.momentum_buffer", "best", "rng" })
            Assert.Equal(WeightReader.Read(Fixtures.Path(Fixture("checkpoint-2.6", 10, "pth")), name), WeightReader.Read(average.Path, name));
    }

    [Fact]
    public void What_is_larger_than_a_piece_is_averaged_to_its_end()
    {
        var files = new[] { 1f, 2f, 6f }.Select(value => Large($"large-{value}.dat", value)).ToArray();

        var average = BnAverager.Average(files, _folder.File("average.dat"));

        using var module = torch.nn.Linear(1500, 1200);
        module.load(average.Path);
        using var ends = module.weight!.flatten()[torch.TensorIndex.Slice(null, null, 1_799_999)];
        Assert.Equal([3f, 3f], ends.data<float>());
        Assert.Equal(3f, module.weight!.min().item<float>());
        Assert.Equal(3f, module.weight!.max().item<float>());
        Assert.Equal(3f, module.bias!.max().item<float>());
        Assert.Empty(average.Layers);
    }

    public void Dispose() => _folder.Dispose();

    private string Large(string name, float value)
    {
        using var module = torch.nn.Linear(1500, 1200);
        using (torch.no_grad())
        {
            torch.nn.init.constant_(module.weight!, value);
            torch.nn.init.constant_(module.bias!, value);
        }
        module.save(_folder.File(name));
        return _folder.File(name);
    }

    private static float[] Run(string path, torch.Tensor input)
    {
        using var model = torch.jit.load<torch.Tensor, torch.Tensor>(path);
        using var output = model.forward(input);
        return output.data<float>().ToArray();
    }

    private void AssertAverage(string kind, string ending, string name, AverageOptions? options)
    {
        var average = BnAverager.Average(Epochs(kind, ending), _folder.File($"average.{kind}.{ending}"), options);
        foreach (var tensor in Expected(kind).GetProperty("exact").GetProperty(name).EnumerateObject())
        {
            var type = tensor.Name switch { "wide" => DType.Float64, "brain" => DType.BFloat16, "narrow" => DType.Float16, _ => DType.Float32 };
            var expected = Numbers(tensor.Value).Select(value => NumberFormat.Round(type, value)).ToArray();
            var actual = WeightReader.Read(average.Path, Named(kind, tensor.Name));
            if (type == DType.Float64)
                AssertClose(expected, actual, ending == "safetensors" ? 1e-7 : 1e-15);
            else
                Assert.Equal(expected, actual);
        }
        foreach (var integers in new[] { "order", "mask" }.Where(_ => ending is "pt" or "pth"))
            Assert.Equal(Last(kind, integers), WeightReader.Read(average.Path, Named(kind, integers)));
    }

    private static void AssertClose(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second, pair.First - tolerance, pair.First + tolerance));
    }

    private static string Fixture(string kind, int epoch, string ending) => $"averaging/{kind}.epoch-{epoch}.{ending}";

    private static string[] Epochs(string kind, string ending) => new[] { 2, 9, 10 }.Select(epoch => Fixtures.Path(Fixture(kind, epoch, ending))).ToArray();

    private static string Named(string kind, string name) => kind.StartsWith("checkpoint", StringComparison.Ordinal) ? $"model.{name}" : name;

    private static JsonElement Expected(string kind)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Fixtures.Path($"averaging/expected-{kind.Split('-')[1]}.json")));
        return json.RootElement.Clone();
    }

    private static double[] Last(string kind, string name) => Numbers(Expected(kind).GetProperty("last").GetProperty(name));

    private static double[] Numbers(JsonElement list) => list.EnumerateArray().Select(item => item.GetDouble()).ToArray();
}
