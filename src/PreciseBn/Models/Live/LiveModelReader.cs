using PreciseBn.Native;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>Finds the BatchNorm layers of a TorchSharp model in memory.</summary>
internal static class LiveModelReader
{
    public static IReadOnlyList<BnModule> ReadLayers(nn.Module root) => root is jit.ScriptModule
        ? throw ModelErrors.ScriptModuleInMemory()
        : Find(root, layer => layer is { running_mean: not null, running_var: not null })
            .Select(item => ReadLayer(root, item.Name, item.Layer)).ToArray();

    /// <summary>Names of layers that keep no statistics.</summary>
    public static IReadOnlyList<string> FindUntracked(nn.Module root) =>
        Find(root, layer => layer.running_mean is null || layer.running_var is null).Select(item => item.Name).ToArray();

    /// <summary>The modules that keep means and variances without being BatchNorm of TorchSharp, in words: what they do with them cannot be seen.</summary>
    public static IReadOnlyList<string> FindOthers(nn.Module root) => root.named_modules().Prepend(("", root))
        .Where(item => item.Item2 is not (BatchNorm or InstanceNorm) && KeepsStatistics(item.Item2)).DistinctBy(item => item.Item2)
        .Select(item => $"the module '{item.Item1}' ({item.Item2.GetType().Name}): it keeps means and variances, but is no BatchNorm of TorchSharp. "
            + "It runs as it is, and the layers behind it are recomputed for what it gives out so.")
        .Concat(UnregisteredModules.Find(root).Where(held => held.Module is BatchNorm { running_mean: not null })
            .Select(held => $"the {held.Module.GetType().Name} in '{held.Name}': no module has registered it, so that it is no layer of the model. It stays as "
                + "it is, and the layers behind it are recomputed for what it gives out so. TorchSharp's ModuleList and ModuleDict are registered with what is in them."))
        .ToArray();

    private static bool KeepsStatistics(nn.Module module)
    {
        var vectors = module.named_buffers(recurse: false).Where(named => named.buffer.dim() == 1).ToArray();
        return vectors.Any(mean => mean.name.EndsWith("mean", StringComparison.Ordinal)
            && vectors.Any(variance => variance.name.EndsWith("var", StringComparison.Ordinal) && variance.buffer.numel() == mean.buffer.numel()));
    }

    private static IEnumerable<(string Name, BatchNorm Layer)> Find(nn.Module root, Func<BatchNorm, bool> isWanted)
    {
        var named = root.named_modules();
        if (root is BatchNorm)
            named = named.Prepend(("", root));
        return named.Where(item => item.module is BatchNorm layer && isWanted(layer)).DistinctBy(item => item.module)
            .Select(item => (item.name, (BatchNorm)item.module));
    }

    private static BnModule ReadLayer(nn.Module root, string name, BatchNorm layer) => new()
    {
        Name = name,
        Type = layer.GetType().Name,
        Momentum = layer.momentum,
        Eps = layer.eps,
        Affine = layer.affine,
        Training = layer.training,
        BatchesTracked = layer.num_batches_tracked is { } tracked ? Count(tracked) : null,
        Mean = Values(layer.running_mean!),
        Variance = Values(layer.running_var!),
        DType = layer.running_mean!.dtype.ToDType(),
        Live = new LiveLayer(root, layer),
    };

    private static long Count(Tensor tracked)
    {
        using var scope = NewDisposeScope();
        return tracked.to(ScalarType.Int64).cpu().item<long>();
    }

    private static double[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float64).cpu().data<double>().ToArray();
    }
}

/// <summary>A BatchNorm layer of a TorchSharp model in memory.</summary>
/// <param name="Root">The model.</param>
/// <param name="Layer">The layer.</param>
internal sealed record LiveLayer(nn.Module Root, BatchNorm Layer);
