using System.IO.Compression;
using System.IO.Hashing;
using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp;

namespace PreciseBn.Tests;

/// <summary>Programs of torch.export are read, run and changed like other models.</summary>
public sealed class ExportedProgramTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("digits.exported-2.6.pt2")]
    [InlineData("digits.exported-2.14.pt2")]
    [InlineData("digits.exported-decomposed-2.6.pt2")]
    [InlineData("digits.exported-decomposed-2.14.pt2")]
    public void Layers_are_those_of_the_same_network_in_TorchScript(string program)
    {
        var layers = Runs.Read(Fixtures.Path(program)).Layers;

        Assert.Equal(Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers.Select(Describe), layers.Select(Describe));

        static string Describe(BnModule layer) => string.Join(' ', layer.Name, layer.Type, layer.Momentum, layer.Eps, layer.Affine,
            layer.Training, layer.BatchesTracked, layer.DType, string.Join(',', layer.Mean), string.Join(',', layer.Variance));
    }

    [Theory]
    [InlineData("2.6")]
    [InlineData("2.14")]
    public void Layers_have_what_the_program_says_of_them(string version)
    {
        var summary = Runs.Read(Fixtures.Path($"exported/arguments-training-{version}.pt2"));

        Assert.Equal(
            ["bn BatchNorm2d 8 0.1 1E-05 True True", "wide BatchNorm1d 16 0.1 0.001 True True", "plain BatchNorm1d 16 0.3 1E-05 False True",
                "last BatchNorm1d 16 0.1 1E-05 True True", "never Unknown 5 NaN NaN True False"],
            summary.Layers.Select(layer => string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"{layer.Name} {layer.Type} {layer.Channels} {layer.Momentum} {layer.Eps} {layer.Affine} {layer.Training}")));
        Assert.Equal(["untracked"], summary.UntrackedLayers);
    }

    [Fact]
    public void The_archive_of_PyTorch_2_8_has_files_of_torch_save_in_the_newer_layout()
    {
        var old = Fixtures.Path("digits.exported-2.6.pt2");
        var path = _folder.File("between.pt2");
        using (var input = ZipFile.OpenRead(old))
        {
            byte[] Bytes(string name)
            {
                using var stream = input.GetEntry(name)!.Open();
                using var memory = new MemoryStream();
                stream.CopyTo(memory);
                return memory.ToArray();
            }

            new RawZip(path).Add("x/archive_format", [.. "pt2"u8]).Add("x/models/main.json", Bytes("serialized_exported_program.json"))
                .Add("x/data/weights/main.pt", Bytes("serialized_state_dict.pt"))
                .Add("x/data/constants/main.pt", Bytes("serialized_constants.pt")).Write();
        }
        using var data = Runs.Digits(take: 64);

        var stats = Runs.Update(path, data);

        Assert.Equal(Runs.Update(_folder.Copy("digits.exported-2.6.pt2"), data).Values.Select(stat => stat.Mean), stats.Values.Select(stat => stat.Mean));
        Assert.Equal(stats.Values.Select(stat => stat.Mean.Select(value => (double)(float)value)), Runs.Read(path).Layers.Select(layer => layer.Mean));
    }

    [Fact]
    public void In_an_archive_inside_the_archive_all_checksums_are_mended()
    {
        using var data = Runs.Digits(take: 64);
        var path = _folder.Copy("digits.exported-2.6.pt2");

        Runs.Update(path, data);

        var (before, after) = (File.ReadAllBytes(Fixtures.Path("digits.exported-2.6.pt2")), File.ReadAllBytes(path));
        Assert.Equal(before.Length, after.Length);
        using var archive = ZipFile.OpenRead(path);
        AssertChecksums(archive);
        using var weights = new MemoryStream();
        archive.GetEntry("serialized_state_dict.pt")!.Open().CopyTo(weights);
        using var inner = new ZipArchive(weights);
        AssertChecksums(inner);
        // Six layers of 16 to 64 channels: mean, variance and count, each with two checksums inside, and two for the whole.
        var values = Runs.Read(path).Layers.Sum(layer => (2 * layer.Channels * sizeof(float)) + sizeof(long));
        Assert.InRange(before.Zip(after).Count(pair => pair.First != pair.Second), 1, values + (6 * 3 * 2 * sizeof(uint)) + (2 * sizeof(uint)));
    }

    [Theory]
    [InlineData("2.6")]
    [InlineData("2.14")]
    public void A_program_for_a_fixed_batch_gets_batches_of_that_size_and_what_is_left_over_is_told(string version)
    {
        using var data = BnDataLoader.FromFiles(
            [Fixtures.Path("digits.calibration.npz")], new() { Order = DataOrder.Sequential, Keys = ["images"], Take = 1000, Mean = [0.1307], StandardDeviation = [0.3081] });

        var stats = Runs.Update(_folder.Copy($"digits.exported-static32-{version}.pt2"), data);

        Assert.All(stats.Values, stat => Assert.Equal((31, 8), (stat.Batches, stat.ItemsLeftOut)));
        using var full = Runs.Digits(take: 31 * 32);
        var same = Runs.Update(_folder.Copy("digits.scripted.pt"), full);
        Assert.All(stats.Values, stat => Assert.Equal(same[stat.Name].Mean[0], stat.Mean[0], 1e-6));
    }

    [Fact]
    public void Batches_that_a_caller_has_lose_a_short_last_one_and_no_other()
    {
        using var data = Runs.Digits(batchSize: 40);
        using var batch = data.Read().First();
        var (full, rest) = (batch.Inputs[0].narrow(0, 0, 32), batch.Inputs[0].narrow(0, 32, 8));

        var stats = Runs.Update(_folder.Copy("digits.exported-static32-2.6.pt2"), new EnumerableBatchSource([full, full, rest], []));

        Assert.All(stats.Values, stat => Assert.Equal((2, 8), (stat.Batches, stat.ItemsLeftOut)));
        var error = Assert.Throws<PreciseBnException>(() => Runs.Update(
            _folder.Copy("digits.exported-static32-2.6.pt2", "other.pt2"), new EnumerableBatchSource([full, rest, full], [])));
        Assert.Equal("WrongShape", error.ErrorId);
    }

    // Whoever gives batches may use their memory for the next.
    [Fact]
    public void A_short_batch_is_kept_until_it_is_known_whether_it_is_the_last()
    {
        using var changing = torch.zeros(2, 1);
        using var full = torch.ones(4, 1);
        var last = torch.ones(1, 1);
        IEnumerable<torch.Tensor> Batches()
        {
            yield return changing;
            changing.copy_(full.narrow(0, 0, 2));
            yield return full;
        }

        var kept = new FittedBatches(BatchSource.Of(Batches()), new SizeRange(4, 4)).Read(default).Select(batch => batch.Inputs[0].sum().item<float>()).ToArray();
        var fitted = new FittedBatches(BatchSource.Of([last], TensorOwnership.Batch), new SizeRange(4, 4));

        Assert.Equal([0, 4], kept);
        Assert.Empty(fitted.Read(default));
        Assert.Equal((1, true), (fitted.ItemsLeftOut, last.IsInvalid));
    }

    [Fact]
    public void A_size_that_a_user_has_said_is_not_changed()
    {
        using var data = Runs.Digits(batchSize: 16);

        var error = Assert.Throws<PreciseBnException>(() => Runs.Update(_folder.Copy("digits.exported-static32-2.6.pt2"), data));

        Assert.Equal("WrongShape", error.ErrorId);
        Assert.Contains("[32, 1, 28, 28]", error.Message);
        Assert.Contains("[16, 1, 28, 28]", error.Message);
    }

    [Fact]
    public void An_image_of_another_size_is_told_the_shape_that_is_wanted()
    {
        using var images = TorchSharp.torch.zeros(8, 1, 32, 32);

        var error = Assert.Throws<PreciseBnException>(() =>
            Runs.Update(_folder.Copy("digits.exported-2.14.pt2"), new EnumerableBatchSource([images], [])));

        Assert.Equal("WrongShape", error.ErrorId);
        Assert.Contains("[4096 or less, 1, 28, 28]", error.Message);
    }

    [Theory]
    [InlineData("2.6")]
    [InlineData("2.14")]
    public void A_layer_that_is_used_twice_is_one_layer(string version)
    {
        using var batch = TorchSharp.torch.randn(16, 4);
        var path = _folder.Copy($"exported/reused-training-decomposed-{version}.pt2", "reused.pt2");

        Assert.Equal(["bn", "once"], Runs.Read(path).Layers.Select(layer => layer.Name));
        var error = Assert.Throws<PreciseBnException>(() => Runs.Update(path, new EnumerableBatchSource([batch], [])));
        Assert.Equal("LayerReused", error.ErrorId);
        var stats = Runs.Update(path, new EnumerableBatchSource([batch], []), new() { AllowReuse = true });
        Assert.Equal((32, 16), (stats["bn"].Count, stats["once"].Count));
    }

    [Theory]
    [InlineData("digits.exported-2.6.pt2", "digits.checkpoint.pth")]
    [InlineData("digits.exported-2.14.pt2", "digits.checkpoint.pth")]
    [InlineData("digits.safetensors", "digits.exported-decomposed-2.6.pt2")]
    [InlineData("digits.safetensors", "digits.exported-2.14.pt2")]
    public void Statistics_go_to_and_from_other_files(string source, string target)
    {
        var changed = Runs.Read(Fixtures.Path(source)).Layers
            .Select(layer => layer with { Mean = layer.Mean.Select(value => value + 1).ToArray() }).ToArray();
        var path = _folder.Copy(target);

        Runs.Apply(path, changed);

        Assert.Equal(
            changed.Select(layer => layer.Mean.Select(value => (double)(float)value)), Runs.Read(path).Layers.Select(layer => layer.Mean));
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertChecksums(ZipArchive archive)
    {
        foreach (var entry in archive.Entries)
        {
            using var stream = entry.Open();
            var crc = new Crc32();
            crc.Append(stream);
            Assert.Equal(entry.Crc32, crc.GetCurrentHashAsUInt32());
        }
    }
}
