using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Statistics reach other files, and nothing else in them changes.</summary>
public sealed class SetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Targets =>
    [
        "digits.state_dict.pth", "digits.checkpoint.pth", "digits.safetensors", "digits.scripted-extra.pt", "digits.traced-1.13.pt",
    ];

    [Theory]
    [MemberData(nameof(Targets))]
    public void All_layers_get_the_statistics_whatever_the_kind_of_file(string target)
    {
        var source = Changed("digits.scripted.pt");
        var path = _folder.Copy(target);

        var written = Runs.Apply(path, source);

        Assert.Equal(6, written.Count);
        var layers = Runs.Read(path).Layers.ToDictionary(layer => layer.Name.Replace("model.module.", ""));
        foreach (var layer in source)
        {
            Assert.Equal(layer.Mean.Select(value => (double)(float)value), layers[layer.Name].Mean);
            Assert.Equal(layer.Variance.Select(value => (double)(float)value), layers[layer.Name].Variance);
            Assert.Equal(layer.BatchesTracked, layers[layer.Name].BatchesTracked);
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Putting_the_old_statistics_back_gives_the_old_file_to_the_byte(string target)
    {
        var path = _folder.Copy(target);
        var original = Runs.Read(path).Layers;
        Runs.Apply(path, Changed("digits.scripted.pt"));
        Assert.NotEqual(File.ReadAllBytes(Fixtures.Path(target)), File.ReadAllBytes(path));

        Runs.Apply(path, original);

        Assert.Equal(File.ReadAllBytes(Fixtures.Path(target)), File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData("views", "1.13")]
    [InlineData("views", "2.6")]
    [InlineData("half", "2.6")]
    [InlineData("nested", "1.13")]
    [InlineData("module", "2.6")]
    public void Shared_strided_nested_and_half_precision_tensors_change_where_they_are(string kind, string version)
    {
        var path = _folder.Copy($"small/small.{kind}-{version}.pth", "small.pth");
        var original = Runs.Read(path).Layers;
        var changed = original.Select((layer, i) => layer with
        {
            Mean = layer.Mean.Select((_, channel) => i + (channel / 8.0)).ToArray(),
            Variance = layer.Variance.Select((_, channel) => 1 + i + (channel / 4.0)).ToArray(),
            BatchesTracked = 100 + i,
        }).ToArray();

        Runs.Apply(path, changed);

        var written = Runs.Read(path).Layers;
        Assert.Equal(changed.SelectMany(layer => layer.Mean), written.SelectMany(layer => layer.Mean));
        Assert.Equal(changed.SelectMany(layer => layer.Variance), written.SelectMany(layer => layer.Variance));
        Assert.Equal(changed.Select(layer => layer.BatchesTracked), written.Select(layer => layer.BatchesTracked));
        Runs.Apply(path, original);
        Assert.Equal(File.ReadAllBytes(Fixtures.Path($"small/small.{kind}-{version}.pth")), File.ReadAllBytes(path));
    }

    [Fact]
    public void Safetensors_in_several_files_are_changed_in_each()
    {
        foreach (var file in Directory.GetFiles(Fixtures.Path("small"), "small*safetensors*"))
            File.Copy(file, _folder.File(Path.GetFileName(file)));
        var index = _folder.File("small.safetensors.index.json");
        var source = Runs.Read(Fixtures.Path("small/small.state_dict-2.6.pth")).Layers;
        Assert.NotEqual(source[0].Mean, Runs.Read(index).Layers[0].Mean);

        Runs.Apply(index, source);

        Assert.Equal(source.Select(layer => layer.Mean[0]), Runs.Read(index).Layers.Select(layer => layer.Mean[0]));
        Assert.Equal(source.Select(layer => layer.Variance[0]), Runs.Read(index).Layers.Select(layer => layer.Variance[0]));
    }

    [Fact]
    public void A_prefix_chooses_among_several_state_dicts()
    {
        var path = _folder.Copy("small/small.nested-2.6.pth", "nested.pth");
        var source = Runs.Read(Fixtures.Path("small/small.state_dict-2.6.pth")).Layers;

        var ambiguous = Assert.Throws<PreciseBnException>(() => Runs.Apply(path, source));
        var written = Runs.Apply(path, source, new() { Prefix = "ema." });

        Assert.Equal("AmbiguousPrefix", ambiguous.ErrorId);
        Assert.Contains("'ema.'", ambiguous.Message);
        Assert.Equal(["ema.bn1", "ema.body.1"], written.Select(layer => layer.Name));
        var other = Runs.Read(Fixtures.Path("small/small.nested-2.6.pth")).Layers.Where(layer => layer.Name.StartsWith("nets", StringComparison.Ordinal));
        Assert.Equal(
            other.Select(layer => layer.Mean[0]),
            Runs.Read(path).Layers.Where(layer => layer.Name.StartsWith("nets", StringComparison.Ordinal)).Select(layer => layer.Mean[0]));
    }

    [Fact]
    public void A_prefix_that_only_the_source_has_is_found_too()
    {
        var path = _folder.Copy("digits.state_dict.pth");
        var source = Runs.Read(Fixtures.Path("digits.checkpoint.pth")).Layers;

        Assert.Equal(6, Runs.Apply(path, source).Count);
        Assert.Equal(6, Runs.Apply(path, source, new() { Prefix = "model.module." }).Count);
    }

    [Fact]
    public void A_map_matches_what_a_prefix_does_not()
    {
        var path = _folder.Copy("digits.state_dict.pth");
        var source = Changed("digits.scripted.pt").Select(layer => layer.Name == "bn" ? layer with { Name = "final" } : layer).ToArray();

        var refused = Assert.Throws<PreciseBnException>(() => Runs.Apply(path, source));
        Runs.Apply(path, source, new() { Map = new Dictionary<string, string> { ["final"] = "bn" } });

        Assert.Equal("LayersNotInFile", refused.ErrorId);
        Assert.Contains("'final'", refused.Message);
        Assert.Equal(source.Single(layer => layer.Name == "final").BatchesTracked, Runs.Read(path).Layers.Single(layer => layer.Name == "bn").BatchesTracked);
    }

    [Fact]
    public void Layers_that_are_left_over_are_an_error_unless_that_is_allowed()
    {
        var path = _folder.Copy("digits.state_dict.pth");
        var some = Changed("digits.scripted.pt").Take(2).ToArray();
        var wrongMap = new Dictionary<string, string> { ["bn"] = "nowhere" };

        var notGiven = Assert.Throws<PreciseBnException>(() => Runs.Apply(path, some));
        var notThere = Assert.Throws<PreciseBnException>(() => Runs.Apply(path, Changed("digits.scripted.pt"), new() { Map = wrongMap }));
        Assert.Equal(File.ReadAllBytes(Fixtures.Path("digits.state_dict.pth")), File.ReadAllBytes(path));
        var written = Runs.Apply(path, some, new() { AllowPartial = true });

        Assert.Equal(("LayersNotGiven", "LayerNotFound"), (notGiven.ErrorId, notThere.ErrorId));
        Assert.Equal(2, written.Count);
    }

    [Fact]
    public void Sizes_that_differ_are_always_an_error()
    {
        var path = _folder.Copy("digits.state_dict.pth");
        var source = Changed("digits.scripted.pt").Select(layer => layer with { Mean = [1, 2], Variance = [1, 2] }).ToArray();

        var error = Assert.Throws<PreciseBnException>(() => Runs.Apply(path, source, new() { AllowPartial = true }));

        Assert.Equal("ChannelsDiffer", error.ErrorId);
        Assert.Equal(File.ReadAllBytes(Fixtures.Path("digits.state_dict.pth")), File.ReadAllBytes(path));
    }

    [Fact]
    public void A_layer_that_is_given_twice_is_an_error()
    {
        var source = Changed("digits.scripted.pt");

        var error = Assert.Throws<PreciseBnException>(() => Runs.Apply(_folder.Copy("digits.state_dict.pth"), [.. source, source[0]]));

        Assert.Equal("LayerGivenTwice", error.ErrorId);
    }

    [Fact]
    public void Values_beyond_half_precision_are_an_error_and_change_nothing()
    {
        var path = _folder.Copy("small/small.half-2.6.pth", "half.pth");
        var source = Runs.Read(path).Layers.Select(layer => layer with { Variance = layer.Variance.Select(_ => 1e6).ToArray() }).ToArray();

        var error = Assert.Throws<PreciseBnException>(() => Runs.Apply(path, source));

        Assert.Equal("DoesNotFit", error.ErrorId);
        Assert.Equal(File.ReadAllBytes(Fixtures.Path("small/small.half-2.6.pth")), File.ReadAllBytes(path));
    }

    [Fact]
    public void Layers_that_share_their_buffers_take_the_same_statistics_and_refuse_different_ones()
    {
        var path = _folder.Copy("small/small.tied-2.6.pth", "tied.pth");
        var layers = Runs.Read(path).Layers;
        var same = layers.Select(layer => layer with { Mean = [1, 2, 3, 4] }).ToArray();
        var different = layers.Select((layer, i) => layer with { Mean = [i, 2, 3, 4] }).ToArray();

        var error = Assert.Throws<PreciseBnException>(() => Runs.Apply(path, different));
        Assert.Equal(File.ReadAllBytes(Fixtures.Path("small/small.tied-2.6.pth")), File.ReadAllBytes(path));
        Runs.Apply(path, same);

        Assert.Equal("SharedStatistics", error.ErrorId);
        Assert.All(Runs.Read(path).Layers, layer => Assert.Equal([1, 2, 3, 4], layer.Mean));
    }

    [Fact]
    public void Exported_statistics_come_back_with_the_same_values()
    {
        using var data = Runs.Digits(take: 64);
        var modules = Runs.Read(Fixtures.Path("kinds.scripted.pt")).Layers;
        var model = _folder.Copy("digits.scripted.pt");
        var stats = Runs.Update(model, data).Values.ToArray();
        BnStatFile.Write(_folder.File("modules.safetensors"), modules, force: false);
        BnStatFile.Write(_folder.File("stats.safetensors"), stats, force: false);

        var modulesBack = BnStatFile.Read(_folder.File("modules.safetensors")).Cast<BnModule>().ToArray();
        var statsBack = BnStatFile.Read(_folder.File("stats.safetensors")).Cast<BnStat>().ToArray();

        Assert.Equivalent(modules, modulesBack, strict: true);
        Assert.Equivalent(stats, statsBack, strict: true);
        Assert.Equal(modules.SelectMany(layer => layer.Mean), modulesBack.SelectMany(layer => layer.Mean));
        Assert.Equal(stats.SelectMany(layer => layer.Variance), statsBack.SelectMany(layer => layer.Variance));
        Assert.Contains(stats[0].Mean, value => value != (float)value);
    }

    [Fact]
    public void An_exported_file_can_be_read_and_set_like_any_other()
    {
        var file = _folder.File("stats.safetensors");
        var source = Changed("digits.scripted.pt");
        BnStatFile.Write(file, source, force: false);

        var layers = Runs.Read(file).Layers;

        Assert.Equal(source.Select(layer => layer.Name), layers.Select(layer => layer.Name));
        Assert.Equal(source.SelectMany(layer => layer.Mean), layers.SelectMany(layer => layer.Mean));
    }

    [Fact]
    public void An_export_says_where_it_comes_from()
    {
        var model = _folder.Copy("digits.scripted.pt");
        BnStatFile.Write(_folder.File("s.safetensors"), Runs.Read(model).Layers, force: false);

        using var file = SourceFile.Open(_folder.File("s.safetensors"));
        var metadata = SafetensorsHeader.Read(file).Metadata;

        Assert.Equal(
            Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(model))).ToLowerInvariant(),
            metadata["precise_bn.source_sha256"]);
        Assert.Equal("digits.scripted.pt", metadata["precise_bn.source"]);
    }

    [Fact]
    public void Only_exported_files_are_imported_and_none_is_overwritten()
    {
        var file = _folder.File("s.safetensors");
        BnStatFile.Write(file, Changed("digits.scripted.pt"), force: false);

        Assert.Equal("DestinationExists", Assert.Throws<PreciseBnException>(() => BnStatFile.Write(file, Changed("digits.scripted.pt"), force: false)).ErrorId);
        foreach (var model in new[] { "digits.safetensors", "digits.scripted.pt", "digits.state_dict.pth" })
            Assert.Equal("NotExported", Assert.Throws<PreciseBnException>(() => BnStatFile.Read(Fixtures.Path(model))).ErrorId);
        BnStatFile.Write(file, Changed("digits.scripted.pt"), force: true);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[null]")]
    [InlineData("[{}]")]
    [InlineData("{}")]
    [InlineData("[{\"Name\":null,\"Type\":\"BatchNorm2d\",\"Path\":null}]")]
    [InlineData("[{\"Name\":\"bn\",\"Type\":null,\"Path\":null}]")]
    [InlineData("[{\"Name\":\"bn\",\"Type\":\"BatchNorm2d\",\"Path\":null}]")]
    public void An_export_with_a_wrong_list_of_layers_has_none_or_is_damaged(string layers)
    {
        var path = _folder.File("export.safetensors");
        var writer = new SafetensorsWriter();
        writer.Add("bn.running_mean", [1]);
        writer.Metadata["precise_bn.layers"] = layers;
        File.WriteAllBytes(path, writer.ToBytes());

        if (layers == "null")
            Assert.Empty(BnStatFile.Read(path));
        else
            Assert.Equal("DamagedFile", Assert.Throws<PreciseBnException>(() => BnStatFile.Read(path)).ErrorId);
    }

    [Theory]
    [InlineData(DType.UInt8, 200, 255)]
    [InlineData(DType.Int16, 200, 30_000)]
    [InlineData(DType.Int64, 200, 1_000_000)]
    public void Counts_of_batches_are_kept_in_any_format_and_refused_beyond_it(DType format, long count, long largest)
    {
        var path = _folder.File("counts.safetensors");
        var name = format switch { DType.UInt8 => "U8", DType.Int16 => "I16", _ => "I64" };
        var bytes = new byte[NumberFormat.Size(format)];
        NumberFormat.Write(format, count, bytes);
        var header = "{\"bn.running_mean\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"bn.running_var\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]},"
            + $"\"bn.num_batches_tracked\":{{\"dtype\":\"{name}\",\"shape\":[],\"data_offsets\":[8,{8 + bytes.Length}]}}}}";
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)header.Length), .. System.Text.Encoding.ASCII.GetBytes(header), .. new byte[8], .. bytes]);
        var layer = Runs.Read(path).Layers.Single();
        Assert.Equal(count, layer.BatchesTracked);

        Runs.Apply(path, [layer with { BatchesTracked = largest }]);

        Assert.Equal(largest, Runs.Read(path).Layers.Single().BatchesTracked);
        if (format == DType.Int64)
            return;
        var error = Assert.Throws<PreciseBnException>(() => Runs.Apply(path, [layer with { BatchesTracked = 70_000 }]));
        Assert.Equal("DoesNotFit", error.ErrorId);
        Assert.Contains($"{format}", error.Message);
        Assert.Equal(largest, Runs.Read(path).Layers.Single().BatchesTracked);
    }

    [Fact]
    public void A_write_that_is_cancelled_changes_nothing_and_leaves_nothing()
    {
        var path = _folder.Copy("digits.state_dict.pth");
        var layers = Changed("digits.scripted.pt");
        using var model = BnModel.Open(path);

        Assert.ThrowsAny<OperationCanceledException>(() => model.Apply(layers, cancellation: new CancellationToken(canceled: true)));

        Assert.Equal(File.ReadAllBytes(Fixtures.Path("digits.state_dict.pth")), File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Layers_whose_names_end_in_points_are_told_apart()
    {
        var path = _folder.File("points.safetensors");
        var writer = new SafetensorsWriter();
        foreach (var name in new[] { "a", "a.", "a.." })
        {
            writer.Add(name + ".running_mean", [name.Length]);
            writer.Add(name + ".running_var", [1]);
        }
        File.WriteAllBytes(path, writer.ToBytes());

        Assert.Equal([("a", 1), ("a.", 2), ("a..", 3)], Runs.Read(path).Layers.Select(layer => (layer.Name, (int)layer.Mean[0])));
        Assert.Equal(3, Runs.Apply(path, Runs.Read(path).Layers).Count);
    }

    [LinuxFact("hard links")]
    public void Models_are_not_written_over_each_other()
    {
        var (a, b) = (_folder.Copy("digits.state_dict.pth", "a.pth"), _folder.Copy("digits.state_dict.pth", "b.pth"));
        File.CreateSymbolicLink(_folder.File("link.pth"), b);
        var free = _folder.File("free.pth");

        Assert.Equal("DestinationTwice", Assert.Throws<PreciseBnException>(() => BnDestination.RequireApart([(a, free), (b, free)])).ErrorId);
        Assert.Equal("DestinationIsSource", Assert.Throws<PreciseBnException>(() => BnDestination.RequireApart([(a, b), (b, free)])).ErrorId);
        Assert.Equal("DestinationIsSource", Assert.Throws<PreciseBnException>(() => BnDestination.RequireApart([(a, _folder.File("link.pth")), (b, free)])).ErrorId);
        BnDestination.RequireApart([(a, a), (b, b)]);
        BnDestination.RequireApart([(a, free), (b, b)]);
        BnDestination.RequireFree([(a, free), (b, b)]);
        Assert.Equal("DestinationExists", Assert.Throws<PreciseBnException>(() => BnDestination.RequireFree([(a, free), (b, a)])).ErrorId);
    }

    public void Dispose() => _folder.Dispose();

    private static BnModule[] Changed(string model) => Runs.Read(Fixtures.Path(model)).Layers.Select(layer => layer with
    {
        Mean = layer.Mean.Select(value => (value * 2) + 0.1).ToArray(),
        Variance = layer.Variance.Select(value => (value * 3) + 0.1).ToArray(),
        BatchesTracked = layer.BatchesTracked + 7,
    }).ToArray();
}
