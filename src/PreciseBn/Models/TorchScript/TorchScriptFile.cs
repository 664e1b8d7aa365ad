using System.Text.RegularExpressions;
using PreciseBn.Formats;
using PreciseBn.Models.Compiled;
using PreciseBn.Native;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.TorchScript;

/// <summary>A model that was saved with torch.jit.save.</summary>
internal sealed partial class TorchScriptFile : ModelFile
{
    // The namespaces of operators that libtorch registers itself; all others come with extensions such as torchvision.
    private static readonly HashSet<string> OwnNamespaces =
        ["aten", "prim", "quantized", "_quantized", "prepacked", "sparse", "mkldnn", "mkldnn_prepacked", "onednn", "profiler", "inductor"];

    private readonly TorchArchive _archive;
    private readonly IReadOnlyList<ScriptNode> _nodes;

    public TorchScriptFile(TorchArchive archive)
        : this(archive, ScriptNode.Enumerate(archive.ReadPickle("data.pkl"), archive.File.Path))
    {
    }

    private TorchScriptFile(TorchArchive archive, IReadOnlyList<ScriptNode> nodes)
        : base(archive.File.Path, [archive.File], TorchScriptReader.ReadLayers(archive, nodes))
    {
        _archive = archive;
        _nodes = nodes;
    }

    public override IReadOnlyList<string> UntrackedLayers => TorchScriptReader.FindUntracked(_archive, _nodes);

    public override string Describe()
    {
        if (_nodes.Count == 0)
            return "holds no module";
        var kinds = _nodes.Skip(1).GroupBy(node => node.ClassName).OrderByDescending(kind => kind.Count()).Take(5).ToArray();
        return kinds.Length == 0
            ? "is a single module without submodules, as torch.jit.freeze and optimize_for_inference leave it; they fold BatchNorm into other layers"
            : $"is a TorchScript model whose layers are others: {string.Join(", ", kinds.Select(kind => $"{kind.Count()} {kind.Key}"))}";
    }

    public override IObservedModel Load(IReadOnlyList<StoredLayer> layers, ObservationRules rules, Device device)
    {
        RefuseCustomOperators();
        var compiled = layers.Select(ToCompiled).ToArray();
        var instrumentation = Instrument(compiled);
        var model = CompiledScript.Load(
            Path, instrumentation.Write, instrumentation.Layout.Buffers, Forward(), FirstParameterType()?.ToScalarType(), device);
        return new ObservedCompiledModel(model, instrumentation.Layout, compiled, rules, device);
    }

    /// <summary>What makes the copy of the model that is observed.</summary>
    public ScriptInstrumentation Instrument(IReadOnlyList<CompiledLayer> layers) =>
        new(_archive, _nodes[0].QualifiedName, Forward(), new StatisticsLayout(layers));

    private ForwardMethod Forward() =>
        ForwardMethod.TryParse(new ScriptSource(_archive).Find(_nodes[0].QualifiedName) ?? "") ?? throw ModelErrors.NoForward(Path);

    public static CompiledLayer ToCompiled(StoredLayer layer)
    {
        var path = layer.Module.Name.Split('.', StringSplitOptions.RemoveEmptyEntries)
            .Aggregate("self", (module, name) => char.IsAsciiDigit(name[0]) ? $"getattr({module}, \"{name}\")" : $"{module}.{name}");
        return new CompiledLayer(layer.Module,
            new(new([$"{path}.running_mean"], [layer.Module.Channels])),
            new(new([$"{path}.running_var"], [layer.Module.Channels])));
    }

    // libtorch ends the process on an operator that it does not know, so it must not get to see one.
    private void RefuseCustomOperators()
    {
        foreach (var file in _archive.Names("code/").Where(name => name.EndsWith(".py", StringComparison.Ordinal)))
        {
            var custom = Operator().Matches(_archive.ReadText(file))
                .FirstOrDefault(match => !OwnNamespaces.Contains(match.Groups["namespace"].Value));
            if (custom is not null)
                throw ModelErrors.CustomOperator(Path, $"{custom.Groups["namespace"]}::{custom.Groups["name"]}");
        }
    }

    private DType? FirstParameterType() => _nodes
        .SelectMany(node => node.Attributes.Items.Select(item => item.Key is string name ? node.Tensor(name)?.DType : null))
        .FirstOrDefault(type => type?.IsFloatingPoint() == true);

    [GeneratedRegex(@"(?<![\w.])ops\.(?<namespace>\w+)\.(?<name>\w+)")]
    private static partial Regex Operator();
}
