using PreciseBn.Formats;
using PreciseBn.Models.Checkpoints;
using PreciseBn.Models.Compiled;
using PreciseBn.Models.TorchScript;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Exported;

/// <summary>Finds the BatchNorm layers of an exported program by reading it; nothing is executed.</summary>
internal static class ExportedLayers
{
    private const string MeanName = "running_mean";

    public static ExportedReading Read(ExportedArchive archive, ExportedProgram program)
    {
        var statistics = new ExportedStatistics(archive, program);
        var buffers = new ExportedBuffers(archive);
        var drafts = new Dictionary<(StatisticsPlace, StatisticsPlace), List<(TensorValue Mean, TensorValue Variance, BatchNormCall Call)>>();
        var unaccounted = new List<string>();
        foreach (var call in program.Nodes.Select(BatchNormCall.TryRead).OfType<BatchNormCall>())
        {
            if (statistics.Of(call.Mean) is TensorValue mean && statistics.Of(call.Variance) is TensorValue variance)
            {
                if (buffers.TryClaim(mean, variance, out var places) is { } reason)
                    unaccounted.Add(Describe(call, reason));
                else if (drafts.TryGetValue(places, out var calls))
                    calls.Add((mean, variance, call));
                else
                    drafts[places] = [(mean, variance, call)];
            }
            else if (!IsInstanceNorm(call.Node))
            {
                unaccounted.Add(Describe(call, Explain(statistics, call)));
            }
        }
        var nested = program.Nodes.SelectMany(FindNested).ToArray();
        var budget = new StatisticsBudget(archive.File.Path, archive.File.Length);
        var layers = new List<ExportedLayer>();
        var siblings = drafts.Keys.Select(places => places.Item1.Buffer).Distinct().SelectMany(buffer => buffer.Keys).CountBy(OwnerOf).ToDictionary();
        foreach (var (places, calls) in drafts.OrderBy(draft => draft.Key.Item1.Buffer.Keys.Min(key => IndexOf(program, key))))
        {
            var (mean, variance, call) = calls[0];
            budget.Take(mean.Count, mean.Tensor.Stored.DType, variance.Tensor.Stored.DType);
            layers.Add(new ExportedLayer(ReadLayer(archive, places.Item1, places.Item2, mean, variance, call, siblings), places.Item1, places.Item2,
                calls.Select(item => item.Call).ToArray()));
        }
        var names = program.Tensors.ToDictionary(tensor => tensor.Variable, tensor => tensor.Name);
        var used = program.Nodes.SelectMany(node => node.Inputs).SelectMany(input => input.Value.Names())
            .Select(variable => names.GetValueOrDefault(variable)).OfType<string>()
            .Concat(layers.SelectMany(layer => layer.Mean.Buffer.Keys.Concat(layer.Variance.Buffer.Keys))).ToHashSet();
        var unused = archive.Tensors.Where(tensor => !used.Contains(tensor.Key));
        var idle = BufferLayers.Find(archive.File.Path, budget, unused.Select(ToNamed)).Select(layer => new ExportedLayer(
            layer, PlaceOf(layer, MeanName), PlaceOf(layer, "running_var"), []));
        return new ExportedReading([.. layers, .. idle], unaccounted, nested);
    }

    /// <summary>Names of layers that call BatchNorm without statistics.</summary>
    public static IReadOnlyList<string> FindUntracked(ExportedProgram program) => program.Nodes
        .Where(node => node.Target is "torch.ops.aten._native_batch_norm_legit.no_stats"
            || (node.Target is "torch.ops.aten.batch_norm.default" && node.Input(MeanName)?.TensorName is null))
        .Where(node => node.Origin.ModuleClass?.Contains("BatchNorm", StringComparison.Ordinal) == true)
        .Select(node => node.Origin.ModulePath).Distinct().ToArray();

    // Decomposed, it is a batch_norm of as many channels as all images have, with statistics that are repeated; it has no layers of ours.
    private static bool IsInstanceNorm(ExportedNode node) => node.Origin.ModuleClass?.Contains("InstanceNorm", StringComparison.Ordinal) == true;

    private static string Describe(BatchNormCall call, string reason) =>
        $"the node '{call.Node.Name}'{(call.Node.Origin.ModulePath is { Length: > 0 } path ? $" of '{path}'" : "")}: {reason}{(call.Node.Origin.Place is { Length: > 0 } place ? "." + place.TrimEnd('.') : "")}";

    // The branches and loops of torch.cond and the like are programs that an operation is given.
    private static IEnumerable<string> FindNested(ExportedNode node) => node.Inputs.Where(input => input.Value.Kind == "as_graph")
        .SelectMany(input => ExportedBlocks.Read(input.Value.Value.GetProperty("graph")))
        .SelectMany(inner => BatchNormCall.TryRead(inner) is { } call ? [Describe(call, $"it is in a program within the program, which {node.Target} runs")] : FindNested(inner));

    private static string Explain(ExportedStatistics statistics, BatchNormCall call) =>
        new[] { call.Mean, call.Variance }.Select(statistics.Of).OfType<UnknownValue>().Select(value => value.Source)
            .FirstOrDefault(source => source.StartsWith("torch.", StringComparison.Ordinal)) is { } source
            ? $"its statistics come from {source}" : "it cannot be told whose statistics it is given";

    private static int IndexOf(ExportedProgram program, string name) =>
        program.Tensors.Select((tensor, index) => (tensor.Name, Index: index)).Where(tensor => tensor.Name == name).Select(tensor => tensor.Index)
            .FirstOrDefault(int.MaxValue);

    private static StoredLayer ReadLayer(
        ExportedArchive archive, StatisticsPlace meanPlace, StatisticsPlace variancePlace, TensorValue mean, TensorValue variance, BatchNormCall call,
        Dictionary<string, int> siblings)
    {
        var meanSlot = ExportedBuffers.Locate(archive, meanPlace, mean);
        var varianceSlot = ExportedBuffers.Locate(archive, variancePlace, variance);
        var names = meanPlace.Buffer.Keys.Select((key, index) =>
            NameOf(key, variancePlace.Buffer.Keys[Math.Min(index, variancePlace.Buffer.Keys.Count - 1)], siblings) + meanPlace.Suffix((int)mean.Count)).ToArray();
        var owner = NameOf(meanPlace.Buffer.Keys[0], variancePlace.Buffer.Keys[0], siblings);
        var tracked = archive.Tensors.GetValueOrDefault(owner.Length == 0 ? "num_batches_tracked" : owner + ".num_batches_tracked") is
        { Tensor.IsScalar: true } count ? count.Locate() : null;
        var module = new BnModule
        {
            Name = names[0],
            Aliases = names[1..],
            Type = call.Node.Origin.ModuleClass ?? BufferLayers.UnknownType,
            Momentum = call.Momentum,
            Eps = call.Eps,
            Affine = call.IsAffine,
            Training = call.Training,
            BatchesTracked = tracked is null ? null : (long)tracked.Read()[0],
            Mean = meanSlot.Read(),
            Variance = varianceSlot.Read(),
            DType = meanSlot.DType,
            Path = archive.File.Path,
        };
        return new StoredLayer(module, meanSlot, varianceSlot, tracked);
    }

    // The module that has both; where that is the model itself, or has those of several layers, and they have other names, that of the mean.
    private static string NameOf(string mean, string variance, Dictionary<string, int> siblings)
    {
        var module = OwnerOf(mean);
        var isAlone = module.Length > 0 && siblings[module] == 1 && variance.StartsWith(module + ".", StringComparison.Ordinal);
        return isAlone || mean[(mean.LastIndexOf('.') + 1)..] == MeanName ? module : mean;
    }

    private static string OwnerOf(string buffer) => buffer[..Math.Max(0, buffer.LastIndexOf('.'))];

    private static StatisticsPlace PlaceOf(StoredLayer layer, string buffer) => new(new StatisticsBuffer(
        [layer.Module.Name.Length == 0 ? buffer : $"{layer.Module.Name}.{buffer}"], [layer.Module.Channels]));

    private static NamedTensor ToNamed(KeyValuePair<string, ArchivedTensor> tensor) =>
        new(tensor.Key, tensor.Value.Tensor.DType, tensor.Value.Tensor.Shape, tensor.Value.Locate);
}

/// <summary>What is found in an exported program by reading it.</summary>
/// <param name="Layers">The layers, in the order in which they were defined; those that the program never runs come last.</param>
/// <param name="Unaccounted">Calls of BatchNorm that are none of these, in words.</param>
/// <param name="Nested">Calls in programs within the program, which cannot be run, in words.</param>
internal sealed record ExportedReading(IReadOnlyList<ExportedLayer> Layers, IReadOnlyList<string> Unaccounted, IReadOnlyList<string> Nested);

/// <summary>The tensors of an exported program that have the same memory.</summary>
internal sealed class ExportedBuffers(ExportedArchive archive)
{
    private readonly ILookup<string, string> _names = archive.Tensors.ToLookup(tensor => IdentityOf(tensor.Value), tensor => tensor.Key);
    private readonly Dictionary<string, StatisticsBuffer> _buffers = [];
    private readonly StatisticsClaims _claims = new();
    private readonly Dictionary<StatisticsPlace, (StatisticsPlace Mean, StatisticsPlace Variance)> _owners = [];

    /// <summary>Where the statistics of a layer are: rows of tensors that are no others', in whole or in part.</summary>
    /// <returns>Why they are none of a layer, or <c>null</c>.</returns>
    public string? TryClaim(TensorValue mean, TensorValue variance, out (StatisticsPlace Mean, StatisticsPlace Variance) places)
    {
        places = default;
        if (mean.Count != variance.Count || mean.Count is < 1 or > TensorSlot.LongestVector)
            return "its mean and variance are of different lengths";
        if (mean.Key == variance.Key)
            return "its mean and variance are one tensor";
        if (PlaceOf(mean) is not { } meanPlace || PlaceOf(variance) is not { } variancePlace || meanPlace == variancePlace)
            return "its statistics lie scattered in a larger tensor";
        places = (meanPlace, variancePlace);
        if (_owners.GetValueOrDefault(meanPlace, places) != places || _owners.GetValueOrDefault(variancePlace, places) != places)
            return "it shares one of its statistics with a layer, and not the other";
        if (!_claims.TryClaim(meanPlace, variancePlace, mean.Count))
            return "its statistics overlap with those of a layer";
        _owners[meanPlace] = _owners[variancePlace] = places;
        return null;
    }

    /// <summary>Where in the file the elements of a row are.</summary>
    public static TensorSlot Locate(ExportedArchive archive, StatisticsPlace place, TensorValue value)
    {
        var tensor = archive.Tensors[place.Buffer.Keys[0]];
        var stride = tensor.Tensor.IsVector ? tensor.Tensor.Strides[0] : 1;
        return (tensor with
        {
            Tensor = tensor.Tensor with { Offset = tensor.Tensor.Offset + (value.Offset * stride), Shape = [value.Count], Strides = [stride] },
        }).Locate();
    }

    private StatisticsPlace? PlaceOf(TensorValue value)
    {
        var stored = value.Tensor.Stored;
        if (!stored.DType.IsFloatingPoint() || !stored.IsInOrder)
            return null;
        var identity = IdentityOf(archive.Tensors[value.Tensor.Attribute]);
        if (!_buffers.TryGetValue(identity, out var buffer))
            _buffers[identity] = buffer = new StatisticsBuffer(_names[identity].ToArray(), stored.Shape);
        return StatisticsPlace.Find(buffer, value.Offset, value.Count);
    }

    private static string IdentityOf(ArchivedTensor tensor) => $"{tensor.Storage.LocalHeaderPosition} {ScriptHolders.IdentityOf(tensor.Tensor, isConstant: false)}";
}

/// <summary>A BatchNorm layer of an exported program.</summary>
/// <param name="Stored">The layer, and where its statistics are.</param>
/// <param name="Mean">Where its running mean is; the keys are names in the archive.</param>
/// <param name="Variance">Where its running variance is, likewise.</param>
/// <param name="Calls">The nodes that are the layer; none if the program never runs it.</param>
internal sealed record ExportedLayer(StoredLayer Stored, StatisticsPlace Mean, StatisticsPlace Variance, IReadOnlyList<BatchNormCall> Calls);
