using PreciseBn.Formats;
using PreciseBn.Models.Checkpoints;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Exported;

/// <summary>Finds the BatchNorm layers of an exported program by reading it; nothing is executed.</summary>
internal static class ExportedLayers
{
    private const string MeanName = "running_mean";

    /// <summary>The layers, in the order in which they were defined; those that the program never runs come last.</summary>
    public static IReadOnlyList<ExportedLayer> Read(ExportedArchive archive, ExportedProgram program)
    {
        var names = program.Tensors.ToDictionary(tensor => tensor.Variable, tensor => tensor.Name);
        var order = program.Tensors.Select((tensor, index) => (tensor.Name, index)).ToDictionary(tensor => tensor.Name, tensor => tensor.index);
        var unclaimed = archive.File.Length;
        var layers = new List<ExportedLayer>();
        foreach (var calls in Calls(program).Where(HasStatistics).GroupBy(call => (Mean: names[call.Mean], Variance: names[call.Variance]))
            .OrderBy(calls => order[calls.Key.Mean]))
        {
            var mean = archive.Tensors[calls.Key.Mean];
            // Layers that share storage could make a small file ask for any amount of memory.
            unclaimed -= 2 * mean.Tensor.Length * mean.Tensor.DType.Size();
            if (unclaimed < 0)
                throw ModelErrors.TooManyStatistics(archive.File.Path);
            layers.Add(new ExportedLayer(ReadLayer(archive, calls.Key.Mean, calls.Key.Variance, calls.First()), calls.Key.Mean, calls.Key.Variance, calls.ToArray()));
        }
        var used = program.Nodes.SelectMany(node => node.Inputs).SelectMany(input => input.Value.Names())
            .Select(variable => names.GetValueOrDefault(variable)).ToHashSet();
        var unused = archive.Tensors.Where(tensor => !used.Contains(tensor.Key));
        return [.. layers, .. BufferLayers.Find(archive.File.Path, unclaimed, unused.Select(ToNamed)).Select(layer =>
            new ExportedLayer(layer, NameOf(layer, MeanName), NameOf(layer, "running_var"), []))];

        bool HasStatistics(BatchNormCall call) =>
            Find(call.Mean) is { IsVector: true } mean && Find(call.Variance) is { IsVector: true } variance && mean.Length == variance.Length;

        StoredTensor? Find(string variable) =>
            names.TryGetValue(variable, out var name) ? archive.Tensors.GetValueOrDefault(name)?.Tensor : null;
    }

    /// <summary>Names of layers that call BatchNorm without statistics.</summary>
    public static IReadOnlyList<string> FindUntracked(ExportedProgram program) => program.Nodes
        .Where(node => node.Target is "torch.ops.aten._native_batch_norm_legit.no_stats"
            || (node.Target is "torch.ops.aten.batch_norm.default" && node.Input(MeanName)?.TensorName is null))
        .Where(node => node.Origin.ModuleClass?.Contains("BatchNorm", StringComparison.Ordinal) == true)
        .Select(node => node.Origin.ModulePath).Distinct().ToArray();

    // A program without side effects hands on the statistics that a layer has updated; to its next call they are the layer's.
    private static IEnumerable<BatchNormCall> Calls(ExportedProgram program)
    {
        var origins = new Dictionary<string, string>();
        foreach (var found in program.Nodes.Select(BatchNormCall.TryRead).OfType<BatchNormCall>())
        {
            var call = found with
            {
                Mean = origins.GetValueOrDefault(found.Mean, found.Mean),
                Variance = origins.GetValueOrDefault(found.Variance, found.Variance),
            };
            if (call.Returned is { } returned)
                (origins[returned.Mean], origins[returned.Variance]) = (call.Mean, call.Variance);
            yield return call;
        }
    }

    private static StoredLayer ReadLayer(ExportedArchive archive, string meanName, string varianceName, BatchNormCall call)
    {
        var meanSlot = archive.Tensors[meanName].Locate();
        var varianceSlot = archive.Tensors[varianceName].Locate();
        var name = meanName.EndsWith(MeanName, StringComparison.Ordinal) ? meanName[..^MeanName.Length].TrimEnd('.') : meanName;
        var tracked = archive.Tensors.GetValueOrDefault(name.Length == 0 ? "num_batches_tracked" : name + ".num_batches_tracked") is
        { Tensor.IsScalar: true } count ? count.Locate() : null;
        var module = new BnModule
        {
            Name = name,
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

    private static string NameOf(StoredLayer layer, string buffer) => layer.Module.Name.Length == 0 ? buffer : $"{layer.Module.Name}.{buffer}";

    private static NamedTensor ToNamed(KeyValuePair<string, ArchivedTensor> tensor) =>
        new(tensor.Key, tensor.Value.Tensor.DType, tensor.Value.Tensor.Shape, tensor.Value.Locate);
}
