using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.TorchScript;

/// <summary>
/// Finds the BatchNorm layers of a TorchScript archive by reading it: the object tree for the buffers, the source for
/// what the class does with them. Nothing is executed.
/// </summary>
internal static class TorchScriptReader
{
    public static IReadOnlyList<StoredLayer> ReadLayers(TorchArchive archive, IEnumerable<ScriptNode> nodes)
    {
        var source = new ScriptSource(archive);
        var classes = new Dictionary<string, ScriptClass>();
        var layers = new List<StoredLayer>();
        var unclaimed = archive.File.Length;
        foreach (var node in nodes)
        {
            if (node.Tensor("running_mean") is not { IsVector: true } mean
                || node.Tensor("running_var") is not { IsVector: true } variance
                || mean.Length != variance.Length)
                continue;
            if (!classes.TryGetValue(node.QualifiedName, out var type))
                classes[node.QualifiedName] = type = new ScriptClass(source, node.QualifiedName);
            if (!IsBatchNorm(node, type))
                continue;
            // Layers that share storage could make a small file ask for any amount of memory.
            unclaimed -= 2 * mean.Length * mean.DType.Size();
            if (unclaimed < 0)
                throw ModelErrors.TooManyStatistics(archive.File.Path);
            layers.Add(ReadLayer(archive, node, type, mean, variance));
        }
        return layers;
    }

    /// <summary>Names of layers that have a place for statistics and none in it, and call BatchNorm.</summary>
    public static IReadOnlyList<string> FindUntracked(TorchArchive archive, IEnumerable<ScriptNode> nodes)
    {
        var source = new ScriptSource(archive);
        return nodes
            .Where(node => node.Attributes.Contains("running_mean") && node.Attributes["running_mean"] is null
                && IsBatchNorm(node, new ScriptClass(source, node.QualifiedName)))
            .Select(node => node.Name).ToArray();
    }

    // InstanceNorm has buffers of the same names, so that the code decides; where there is no code, the class does.
    private static bool IsBatchNorm(ScriptNode node, ScriptClass type) =>
        type.HasForward ? type.CallsBatchNorm : node.ClassName.Contains("BatchNorm", StringComparison.Ordinal);

    private static StoredLayer ReadLayer(
        TorchArchive archive, ScriptNode node, ScriptClass type, StoredTensor mean, StoredTensor variance)
    {
        var meanSlot = archive.Locate(mean);
        var varianceSlot = archive.Locate(variance);
        var trackedSlot = node.Tensor("num_batches_tracked") is { IsScalar: true } tracked ? archive.Locate(tracked) : null;
        var module = new BnModule
        {
            Name = node.Name,
            Type = node.ClassName,
            Momentum = Momentum(node, type),
            Eps = ScriptClass.Number(type.Constant("eps")) ?? node.Attributes["eps"] as double? ?? type.EpsOfCall() ?? double.NaN,
            Affine = node.Tensor("weight") is not null,
            Training = node.Attributes["training"] is true,
            BatchesTracked = trackedSlot is null ? null : (long)trackedSlot.Read()[0],
            Mean = meanSlot.Read(),
            Variance = varianceSlot.Read(),
            DType = mean.DType,
            Path = archive.File.Path,
        };
        return new StoredLayer(module, meanSlot, varianceSlot, trackedSlot);
    }

    private static double? Momentum(ScriptNode node, ScriptClass type)
    {
        if (type.Constant("momentum") is { } constant)
            return ScriptClass.Number(constant);
        if (node.Attributes.Contains("momentum"))
            return node.Attributes["momentum"] as double?;
        return type.MomentumOfCall() ?? double.NaN;
    }
}
