using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using PreciseBn.Transfer;

namespace PreciseBn.Tests;

/// <summary>Layers are matched by their names by one rule, whether statistics are set or compared.</summary>
public sealed class MatchingTests : IDisposable
{
    private static readonly string[] Plain = ["stem.bn", "body.0.bn"];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Wrapped =>
    [
        "_orig_mod.{0}", "module.{0}", "_orig_mod.module.{0}", "model.module.{0}", "state_dict._orig_mod.module.{0}",
        "_fsdp_wrapped_module.{0}", "_checkpoint_wrapped_module.{0}",
    ];

    [Theory]
    [MemberData(nameof(Wrapped))]
    public void A_wrapper_makes_no_difference_on_either_side(string wrapped)
    {
        var names = Plain.Select(name => string.Format(null, wrapped, name)).ToArray();

        Assert.Equal(Plain.Zip(names), Pairs(Plain, names));
        Assert.Equal(names.Zip(Plain), Pairs(names, Plain));
    }

    [Fact]
    public void Wrappers_within_names_make_no_difference()
    {
        string[] wrapped = ["_orig_mod._fsdp_wrapped_module.stem.bn", "_orig_mod._fsdp_wrapped_module.body.0._checkpoint_wrapped_module.bn"];

        Assert.Equal(Plain.Zip(wrapped), Pairs(Plain, wrapped));
        Assert.Equal(wrapped.Zip(Plain), Pairs(wrapped, Plain));
    }

    [Fact]
    public void Both_sides_may_be_wrapped_differently_and_one_have_a_prefix()
    {
        string[] compiled = ["model._orig_mod.stem.bn", "model._orig_mod.body.0.bn"];
        string[] distributed = ["module.stem.bn", "module.body._checkpoint_wrapped_module.0.bn"];

        Assert.Equal(compiled.Zip(distributed), Pairs(compiled, distributed));
    }

    [Fact]
    public void A_layer_that_is_called_as_a_wrapper_is_a_layer() =>
        Assert.Equal([("module", "net.module"), ("bn", "net.bn")], Pairs(["module", "bn"], ["net.module", "net.bn"]));

    [Fact]
    public void Names_that_only_wrappers_tell_apart_are_told_apart()
    {
        string[] names = ["bn", "module.bn"];

        Assert.Equal(names.Zip(names), Pairs(names, names));
        Assert.Equal([("bn", "bn")], Pairs(["bn"], names));
    }

    [Fact]
    public void The_same_names_are_never_taken_for_others() =>
        Assert.Equal([("a.bn", "a.bn"), ("bn", "bn")], Pairs(["a.bn", "bn"], ["bn", "a.bn", "b.a.bn"]));

    [Fact]
    public void A_name_that_is_on_both_sides_is_the_same_layer_whatever_else_would_fit() =>
        Assert.Equal([("bn", "bn")], Pairs(["stem.bn", "bn"], ["bn", "body.0.bn"]));

    [Fact]
    public void Set_and_compare_agree()
    {
        var source = Runs.Read(Fixtures.Path("checkpoints/fsdp.pth")).Layers;
        var path = _folder.Copy("checkpoints/ckpt-wrapped.pth", "target.pth");

        var written = Runs.Apply(path, source.Select(layer => layer with { BatchesTracked = 5 }).ToArray());
        var pairs = BnComparer.Match(source, Runs.Read(path).Layers).ToArray();

        Assert.Equal(["bn", "_checkpoint_wrapped_module.bn2"], written.Select(layer => layer.Name));
        Assert.All(pairs, pair => Assert.Equal(0, BnComparer.Compare(pair).MeanShift));
        Assert.Equal(2, pairs.Length);
    }

    [Fact]
    public void A_map_takes_patterns_and_names_go_before_them()
    {
        var source = Runs.Read(Fixtures.Path("checkpoints/ckpt-wrapped.pth")).Layers
            .Select(layer => layer with { Name = layer.Name.EndsWith("bn2", StringComparison.Ordinal) ? "norms.second" : "norms.bn", BatchesTracked = 5 }).ToArray();
        var path = _folder.Copy("checkpoints/compile-ddp.pth", "target.pth");

        var written = Runs.Apply(path, source, new()
        {
            Map = new Dictionary<string, string> { ["norms.*"] = "_orig_mod.module.*", ["norms.second"] = "_orig_mod.module.bn2" },
        });

        Assert.Equal(2, written.Count);
    }

    [Theory]
    [InlineData("a.*.b?", "x.*.y?", "a.one.two.b2", "x.one.two.y2")]
    [InlineData("*", "model.*", "bn", "model.bn")]
    [InlineData("a.b", "c", "axb", null)]
    public void A_pattern_keeps_what_its_wildcards_stand_for(string from, string to, string name, string? expected) =>
        Assert.Equal(expected, LayerNames.Rewrite(from, to, name));

    [Fact]
    public void A_pattern_may_name_layers_that_are_not_there_if_that_is_allowed()
    {
        var path = _folder.Copy("checkpoints/fsdp.pth", "target.pth");

        var written = Runs.Apply(path, Runs.Read(Fixtures.Path("checkpoints/ckpt-wrapped.pth")).Layers, new()
        {
            Map = new Dictionary<string, string> { ["*n"] = "_fsdp_wrapped_module.*n", ["*2"] = "nowhere.*2" },
            AllowPartial = true,
        });

        Assert.Contains("_fsdp_wrapped_module.bn", written.Select(layer => layer.Name));
    }

    [Theory]
    [InlineData("b*", "c*.*", "AmbiguousMap")]
    [InlineData("*.b?", "c?.*", "AmbiguousMap")]
    [InlineData("b*", "nowhere.*", "LayerNotFound")]
    [InlineData("nothing*", "nowhere*", "LayerNotFound")]
    [InlineData("nothing", "_orig_mod.module.bn", "LayerNotFound")]
    [InlineData("*", "_orig_mod.module.bn", "AmbiguousMap")]
    public void A_map_that_cannot_be_followed_is_an_error(string from, string to, string errorId)
    {
        var path = _folder.Copy("checkpoints/compile-ddp.pth", "target.pth");
        var source = Runs.Read(Fixtures.Path("checkpoints/ckpt-wrapped.pth")).Layers;

        Assert.Equal(errorId, Assert.Throws<PreciseBnException>(
            () => Runs.Apply(path, source, new() { Map = new Dictionary<string, string> { [from] = to } })).ErrorId);
    }

    [Fact]
    public void A_map_that_is_for_no_layer_is_an_error_in_a_partial_transfer_too()
    {
        var path = _folder.Copy("checkpoints/compile-ddp.pth", "target.pth");
        var source = Runs.Read(Fixtures.Path("checkpoints/ckpt-wrapped.pth")).Layers;
        int Written(params string[] names) => Runs.Apply(path, source, new() { Map = names.ToDictionary(name => name, _ => "_orig_mod.module.bn"), AllowPartial = true }).Count;

        Assert.Equal("LayerNotFound", Assert.Throws<PreciseBnException>(() => Written("nothing")).ErrorId);
        Assert.NotEqual(0, Written("nothing", source[0].Name));
    }

    [Fact]
    public void Two_layers_are_not_given_to_one()
    {
        var path = _folder.Copy("checkpoints/compile-ddp.pth", "target.pth");
        var source = Runs.Read(Fixtures.Path("checkpoints/ckpt-wrapped.pth")).Layers.Select((layer, index) => layer with { Mean = [index, 0, 0, 0, 0, 0], Variance = new double[6] }).ToArray();

        var error = Assert.Throws<PreciseBnException>(() => Runs.Apply(path, source, new()
        {
            Map = source.ToDictionary(layer => layer.Name, _ => "_orig_mod.module.bn"),
            AllowPartial = true,
        }));

        Assert.Equal("LayerGivenTwice", error.ErrorId);
    }

    [Fact]
    public void A_layer_of_two_names_reaches_both_where_they_are_two_and_the_one_where_they_are_one()
    {
        var path = _folder.File("two.safetensors");
        BnStatFile.Write(path, Layers(["a.bn", "b.bn"]), force: false);
        var shared = Layers(["a.bn"])[0] with { Aliases = ["b.bn"], Mean = [5] };

        var written = Runs.Apply(path, [shared]);
        var pairs = BnComparer.Match([shared], written).ToArray();

        Assert.Equal(["a.bn", "b.bn"], written.Select(layer => layer.Name));
        Assert.All(written, layer => Assert.Equal([5], layer.Mean));
        Assert.Equal(["a.bn", "b.bn"], pairs.Select(pair => pair.Difference!.Name));
        Assert.All(pairs, pair => Assert.Same(shared, pair.Reference));
        Assert.Same(written[0], LayerMatching.Match("m", [shared], written, new())["a.bn"]);
        Assert.Equal("LayerGivenTwice", Assert.Throws<PreciseBnException>(
            () => LayerMatching.Match("m", [shared], [written[0], written[1] with { Mean = [6] }], new())).ErrorId);
        Assert.Equal("LayersNotGiven", Assert.Throws<PreciseBnException>(
            () => LayerMatching.Match("m", [shared, .. Layers(["c.bn"])], written, new())).ErrorId);
    }

    [Fact]
    public void An_export_has_all_names_of_a_layer_and_gives_them_back()
    {
        var path = _folder.File("export.safetensors");
        var shared = Layers(["a.bn"])[0] with { Aliases = ["b.bn"], Mean = [5] };

        BnStatFile.Write(path, [shared], force: false);

        Assert.Equal(["a.bn", "b.bn"], Runs.Read(path).Layers.Select(layer => layer.Name));
        var read = Assert.IsType<BnModule>(BnStatFile.Read(path).Single());
        Assert.Equal(["b.bn"], read.Aliases);
        Assert.Equal([5], read.Mean);
        Assert.Equal("LayerGivenTwice", Assert.Throws<PreciseBnException>(
            () => BnStatFile.Write(_folder.File("twice.safetensors"), [shared, .. Layers(["b.bn"])], force: false)).ErrorId);
    }

    [Theory]
    [InlineData(double.NaN, 1, "DoesNotFit", "NaN")]
    [InlineData(1e39, 1, "DoesNotFit", "too large")]
    [InlineData(0, -1e-3, "NegativeVariance", "0 or more")]
    public void Statistics_that_no_layer_has_are_refused_and_nothing_is_changed(double mean, double variance, string errorId, string what)
    {
        var path = _folder.Copy("checkpoints/compile-ddp.pth", "target.pth");
        var before = File.ReadAllBytes(path);
        var layers = Runs.Read(path).Layers;

        var error = Assert.Throws<PreciseBnException>(() => Runs.Apply(path, [layers[0], layers[1] with { Mean = [0, 0, 0, mean], Variance = [1, variance, 1, 1] }]));

        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(what, error.Message);
        Assert.Contains(layers[1].Name, error.Message);
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    public void Dispose() => _folder.Dispose();

    private static IEnumerable<(string, string)> Pairs(string[] sources, string[] targets) => LayerMatching.Pair(Layers(sources), Layers(targets))
        .Where(pair => pair is { First: not null, Second: not null }).Select(pair => (pair.First!.Name, pair.Second!.Name));

    private static BnModule[] Layers(string[] names) => names.Select(name => new BnModule
    {
        Name = name,
        Type = "BatchNorm2d",
        Momentum = 0.1,
        Eps = 1e-5,
        Affine = true,
        Training = false,
        BatchesTracked = 0,
        Mean = [0],
        Variance = [1],
        DType = DType.Float32,
        Path = null,
    }).ToArray();
}
