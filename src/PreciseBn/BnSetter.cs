using PreciseBn.Models;
using PreciseBn.Primitives;
using PreciseBn.Transfer;

namespace PreciseBn;

/// <summary>Puts statistics into files.</summary>
public static class BnSetter
{
    /// <summary>Puts statistics into the layers of a file that they belong to, all or none.</summary>
    /// <param name="path">A TorchScript model, a file of torch.save or safetensors.</param>
    /// <param name="statistics">The statistics, one object a layer.</param>
    /// <param name="options">How layers are matched, and where the result goes.</param>
    /// <returns>The layers as they are now in the file that was written.</returns>
    /// <exception cref="PreciseBnException">They do not match, or the file cannot be written; it is as it was.</exception>
    public static IReadOnlyList<BnModule> Set(string path, IReadOnlyList<ILayerStatistics> statistics, BnSetOptions options)
    {
        if (statistics.Count == 0)
            throw TransferErrors.NothingGiven();
        if (statistics.GroupBy(layer => layer.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw TransferErrors.GivenTwice(twice.Key);
        using var model = ModelFile.Open(Path.GetFullPath(path));
        var writer = new StatisticsWriter(model, options.Destination, options.Force, options.Backup);
        var updates = Match(model, statistics, options);
        writer.Write(updates);

        var changed = updates.Select(update => update.Layer.Module.Name).ToHashSet();
        return BnReader.ReadFile(writer.Destination).Layers.Where(layer => changed.Contains(layer.Name)).ToArray();
    }

    private static (StoredLayer Layer, ILayerStatistics Statistics)[] Match(
        ModelFile model, IReadOnlyList<ILayerStatistics> statistics, BnSetOptions options)
    {
        var layers = model.Layers.ToDictionary(layer => layer.Module.Name);
        var names = new LayerMatching(model.Path, layers.Keys, options).Match(statistics.Select(layer => layer.Name).ToArray());
        var updates = statistics.Where(given => names.ContainsKey(given.Name)).Select(given => (layers[names[given.Name]], given)).ToArray();
        foreach (var (layer, given) in updates)
        {
            if (layer.Module.Channels != given.Mean.Length)
                throw TransferErrors.ChannelsDiffer(model.Path, given.Name, given.Mean.Length, layer.Module.Name, layer.Module.Channels);
        }
        return updates;
    }
}
