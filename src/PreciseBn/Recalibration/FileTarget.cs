using PreciseBn.Archives;
using PreciseBn.Models;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>A saved model whose statistics are recomputed, into the same file or into a copy.</summary>
internal sealed class FileTarget : IRecalibrationTarget, IDisposable
{
    private readonly ModelFile _model;
    private readonly IReadOnlyList<StoredLayer> _layers;
    private readonly AtomicFile _destination;
    private readonly bool _keepBackup;

    /// <param name="path">The model.</param>
    /// <param name="layers">Names of the layers to recompute.</param>
    /// <param name="destination">Where the result goes; <c>null</c> is the model itself.</param>
    /// <param name="overwrite">Whether another file at the destination may be replaced.</param>
    /// <param name="keepBackup">Whether what is replaced is kept, with <c>.bak</c> appended to its name.</param>
    /// <exception cref="PreciseBnException">The model lacks a layer, or the destination cannot be written.</exception>
    public FileTarget(string path, IReadOnlyCollection<string> layers, string? destination, bool overwrite, bool keepBackup)
    {
        Name = path;
        Destination = destination ?? path;
        if (destination is not null && destination != path && !overwrite && File.Exists(destination))
            throw FileErrors.DestinationExists(destination);
        _destination = new AtomicFile(Destination);
        _keepBackup = keepBackup;
        _model = ModelFile.Open(path);
        _layers = Select(layers);
    }

    public string Name { get; }

    public string Destination { get; }

    public IObservedModel Open(Device device) => _model.Load(_layers, device);

    public void Commit(IReadOnlyList<LayerUpdate> updates)
    {
        var edits = updates
            .Join(_layers, update => update.Name, layer => layer.Module.Name, (update, layer) => Edits(layer, update))
            .SelectMany(edits => edits).ToArray();
        _destination.Replace(_model.File, copy => ArchivePatch.Apply(copy, _model.File, edits), _keepBackup);
    }

    public void Dispose() => _model.Dispose();

    private StoredLayer[] Select(IReadOnlyCollection<string> names)
    {
        var missing = names.Except(_model.Layers.Select(layer => layer.Module.Name)).FirstOrDefault();
        if (missing is null)
            return _model.Layers.Where(layer => names.Contains(layer.Module.Name)).ToArray();
        _model.Dispose();
        throw RecalibrationErrors.LayerNotFound(Name, missing);
    }

    private IEnumerable<SlotEdit> Edits(StoredLayer layer, LayerUpdate update)
    {
        RefuseOverflow(layer.Module, update.Mean);
        RefuseOverflow(layer.Module, update.Variance);
        yield return new SlotEdit(layer.Mean, update.Mean);
        yield return new SlotEdit(layer.Variance, update.Variance);
        if (layer is { BatchesTracked: { } slot, Module.BatchesTracked: { } batches })
            yield return new SlotEdit(slot, [batches + update.AddedBatches]);
    }

    private void RefuseOverflow(BnModule layer, double[] values)
    {
        if (!values.All(value => double.IsFinite(NumberFormat.Round(layer.DType, value))))
            throw RecalibrationErrors.DoesNotFit(Name, layer.Name, layer.DType);
    }
}
