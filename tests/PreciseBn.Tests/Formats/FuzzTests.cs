using System.Diagnostics;
using System.IO.Compression;
using PreciseBn.Data;
using PreciseBn.Data.Images;
using PreciseBn.Formats;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>
/// Damaged files give a result or one error that names the file: no other exception, no hang, no unbounded memory. The
/// environment variable PRECISEBN_FUZZ_MUTATIONS makes the run longer; the number is that of each case.
/// </summary>
public sealed class FuzzTests : IDisposable
{
    private const int DefaultMutations = 1500;
    private const long MostMemory = 256 << 20;
    // Few bytes can be an image as large as the loader takes, in memory whose size is a power of two.
    private const long MostImageMemory = (1L << 30) + MostMemory;
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(20);

    private readonly TemporaryFolder _folder = new();

    private static int Mutations =>
        int.TryParse(Environment.GetEnvironmentVariable("PRECISEBN_FUZZ_MUTATIONS"), out var mutations) ? mutations : DefaultMutations;

    [Theory]
    [InlineData("dict-out.scripted.pt")]
    [InlineData("kinds.scripted.pt")]
    [InlineData("small/small.traced-1.13.pt")]
    [InlineData("small/small.nested-2.6.pth")]
    [InlineData("small/small.views-1.13.pth")]
    [InlineData("small/small-00001-of-00002.safetensors")]
    [InlineData("small/small.safetensors.index.json")]
    [InlineData("checkpoints/pytorch_model.bin.index.json")]
    [InlineData("checkpoints/cpp-module.pt")]
    [InlineData("checkpoints/expanded.pth")]
    [InlineData("exported/choice-2.6.pt2")]
    [InlineData("exported/choice-2.14.pt2")]
    public void Damaged_models(string fixture)
    {
        var path = _folder.File(fixture.EndsWith("json", StringComparison.Ordinal) ? "x.index.json" : "x");
        _folder.Copy("small/small-00001-of-00002.safetensors", "small-00001-of-00002.safetensors");
        _folder.Copy("small/small-00002-of-00002.safetensors", "small-00002-of-00002.safetensors");
        _folder.Copy("checkpoints/pytorch_model-00001-of-00002.bin", "pytorch_model-00001-of-00002.bin");
        _folder.Copy("checkpoints/pytorch_model-00002-of-00002.bin", "pytorch_model-00002-of-00002.bin");

        Fuzz(File.ReadAllBytes(Fixtures.Path(fixture)), bytes =>
        {
            File.WriteAllBytes(path, bytes);
            AssertResultOrError(path, () => Runs.Read(path));
        });
    }

    [Fact]
    public void Damaged_models_of_TorchSharp()
    {
        var path = _folder.File("x");
        using (var module = nn.Sequential(("c", nn.Conv2d(1, 2, 1)), ("bn", nn.BatchNorm2d(2))))
            module.save(path);

        Fuzz(File.ReadAllBytes(path), bytes =>
        {
            File.WriteAllBytes(path, bytes);
            AssertResultOrError(path, () => Runs.Read(path));
        });
    }

    // Without this the checksums would keep most damage from the readers behind them.
    [Theory]
    [InlineData("dict-out.scripted.pt", "data.pkl")]
    [InlineData("small/small.nested-1.13.pth", "data.pkl")]
    [InlineData("checkpoints/dtensor.pth", "data.pkl")]
    [InlineData("checkpoints/numpy-dict.pth", "data.pkl")]
    [InlineData("checkpoints/cpp-module.pt", "data.pkl")]
    [InlineData("kinds.scripted.pt", "batchnorm.py")]
    [InlineData("exported/choice-2.6.pt2", "serialized_exported_program.json")]
    [InlineData("exported/choice-2.6.pt2", "serialized_state_dict.pt")]
    [InlineData("exported/reused-training-decomposed-2.14.pt2", "models/model.json")]
    [InlineData("exported/reused-training-decomposed-2.14.pt2", "model_weights_config.json")]
    public void Damaged_entries_with_right_checksums(string fixture, string entry)
    {
        var path = _folder.File("x");
        byte[] original = [];
        ArchiveEditor.Rewrite(Fixtures.Path(fixture), path, (name, bytes) =>
        {
            original = name.EndsWith(entry, StringComparison.Ordinal) ? bytes : original;
            return bytes;
        });

        Fuzz(original, damaged =>
        {
            ArchiveEditor.Rewrite(Fixtures.Path(fixture), path, (name, bytes) => name.EndsWith(entry, StringComparison.Ordinal) ? damaged : bytes);
            AssertResultOrError(path, () => Runs.Read(path));
        });
    }

    // Of the other programs only what they share is read.
    [Theory]
    [InlineData("data/weights/decoder_weights_config.json")]
    [InlineData("models/decoder.json")]
    [InlineData("")]
    public void Damaged_packages_of_several_programs(string entry)
    {
        var (path, fixture) = (_folder.File("x.pt2"), Fixtures.Path("programs/shared-2.14.pt2"));
        var original = File.ReadAllBytes(fixture);
        if (entry.Length > 0)
            ArchiveEditor.Rewrite(fixture, path, (name, bytes) => name.EndsWith(entry, StringComparison.Ordinal) ? original = bytes : bytes);

        Fuzz(original, damaged =>
        {
            if (entry.Length > 0)
                ArchiveEditor.Rewrite(fixture, path, (name, bytes) => name.EndsWith(entry, StringComparison.Ordinal) ? damaged : bytes);
            else
                File.WriteAllBytes(path, damaged);
            AssertResultOrError(path, () =>
            {
                using var model = BnModel.Open(path, "encoder");
                _ = model.SharedStatistics;
            });
        });
    }

    [Fact]
    public void Damaged_pickles()
    {
        using var archive = ZipFile.OpenRead(Fixtures.Path("small/small.nested-2.6.pth"));
        using var memory = new MemoryStream();
        using (var stream = archive.Entries.Single(entry => entry.Name == "data.pkl").Open())
            stream.CopyTo(memory);

        Fuzz(memory.ToArray(), bytes =>
        {
            try
            {
                PickleReader.Read(bytes);
            }
            catch (PickleException)
            {
                // That is the error.
            }
        });
    }

    [Theory]
    [InlineData("two-inputs.batches.npz", ".npz")]
    [InlineData("sometimes.batches.npz", ".npz")]
    [InlineData("images.expected.npy", ".npy")]
    [InlineData("small/small-00001-of-00002.safetensors", ".safetensors")]
    [InlineData("tensors/views.pt", ".pt")]
    [InlineData("tensors/dictionary.pt", ".pt")]
    [InlineData("tables/numbers.parquet", ".parquet")]
    [InlineData("tables/numbers-zstd.parquet", ".parquet")]
    public void Damaged_data(string fixture, string ending)
    {
        var path = _folder.File("x" + ending);

        Fuzz(File.ReadAllBytes(Fixtures.Path(fixture)), bytes =>
        {
            File.WriteAllBytes(path, bytes);
            AssertResultOrError(path, () =>
            {
                using var loader = BnDataLoader.FromFiles([path], new() { AsBatches = true });
                using var batch = loader.Read().First();
            });
        });
    }

    [Theory]
    [InlineData("a,b;c\n1,2.5\n\"3\",-4e5\n\n5,6\n", ".csv")]
    [InlineData("\0\0\u0008\u0003\0\0\0\u0002\0\0\0\u0002\0\0\0\u0001abcd", ".idx")]
    public void Damaged_data_of_a_few_bytes(string text, string ending)
    {
        var path = _folder.File("x" + ending);

        Fuzz(System.Text.Encoding.Latin1.GetBytes(text), bytes =>
        {
            File.WriteAllBytes(path, bytes);
            AssertResultOrError(path, () =>
            {
                using var loader = BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential });
                using var batch = loader.Read().First();
            });
        });
    }

    [Fact]
    public void Damaged_pickles_of_data()
    {
        var path = _folder.File("x.pt");
        byte[] original = [];
        ArchiveEditor.Rewrite(Fixtures.Path("tensors/views.pt"), path, (name, bytes) =>
        {
            original = name.EndsWith("data.pkl", StringComparison.Ordinal) ? bytes : original;
            return bytes;
        });

        Fuzz(original, damaged =>
        {
            ArchiveEditor.Rewrite(Fixtures.Path("tensors/views.pt"), path, (name, bytes) => name.EndsWith("data.pkl", StringComparison.Ordinal) ? damaged : bytes);
            AssertResultOrError(path, () => ReadAll(path));
        });
    }

    [Theory]
    [InlineData("image-cuts/420.jpg")]
    [InlineData("image-cuts/progressive.jpg")]
    [InlineData("image-kinds/jpeg-cmyk.jpg")]
    [InlineData("image-orientations/6.jpg")]
    [InlineData("image-kinds/png-palette.png")]
    [InlineData("image-kinds/webp-lossy.webp")]
    [InlineData("image-kinds/webp-alpha.webp")]
    [InlineData("image-kinds/bmp-palette.bmp")]
    [InlineData("image-kinds/gif-animated.gif")]
    public void Damaged_images(string fixture)
    {
        var path = _folder.File("x" + Path.GetExtension(fixture));

        Fuzz(File.ReadAllBytes(Fixtures.Path(fixture)), bytes =>
        {
            File.WriteAllBytes(path, bytes);
            AssertResultOrError(path, () =>
            {
                using var samples = new ImageSamples([new(path, ".")], [], new() { Size = 32, CropSize = 20, AutoOrient = true }, _ => { });
                using var batch = samples.Load([0]);
            });
        }, MostImageMemory);
    }

    public void Dispose() => _folder.Dispose();

    private static void ReadAll(string path)
    {
        foreach (var name in BnDataFile.List(path).Select(array => array.Name).Distinct())
        {
            using var loader = BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential, Keys = [name], Take = 10 });
            using var batch = loader.Read().First();
        }
    }

    private static void Fuzz(byte[] original, Action<byte[]> read, long mostMemory = MostMemory)
    {
        for (var seed = 0; seed < Mutations; seed++)
        {
            var bytes = new Mutator(seed).Mutate(original);
            var memory = GC.GetAllocatedBytesForCurrentThread();
            var clock = Stopwatch.StartNew();
            try
            {
                read(bytes);
            }
            catch (Exception e)
            {
                Assert.Fail($"Seed {seed}: {e}");
            }
            Assert.True(clock.Elapsed < MostTime, $"Seed {seed} took {clock.Elapsed}.");
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - memory < mostMemory, $"Seed {seed} took too much memory.");
        }
    }

    private static void AssertResultOrError(string path, Action read)
    {
        try
        {
            read();
        }
        catch (PreciseBnException e)
        {
            Assert.NotEmpty(e.Advice);
            // The file itself, or one that it names.
            Assert.Contains(Path.GetDirectoryName(path)!, e.Message);
        }
    }
}
