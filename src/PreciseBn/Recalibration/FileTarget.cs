using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>A saved model whose statistics are recomputed, into the same file or into a copy.</summary>
internal sealed class FileTarget : IRecalibrationTarget
{
    private readonly ModelFile _model;
    private readonly IReadOnlyList<StoredLayer> _layers;
    private readonly StatisticsWriter? _writer;

    /// <param name="model">The model.</param>
    /// <param name="layers">Names of the layers to recompute.</param>
    /// <param name="writer">Puts the result where it belongs; <c>null</c> if it is only looked at.</param>
    /// <exception cref="PreciseBnException">The model lacks a layer.</exception>
    public FileTarget(ModelFile model, IReadOnlyCollection<string> layers, StatisticsWriter? writer)
    {
        _model = model;
        _writer = writer;
        var missing = layers.Except(model.Layers.Select(layer => layer.Module.Name)).FirstOrDefault();
        if (missing is not null)
            throw RecalibrationErrors.LayerNotFound(Name, missing);
        _layers = model.Layers.Where(layer => layers.Contains(layer.Module.Name)).ToArray();
    }

    public string Name => _model.Path;

    public string Destination => _writer?.Destination ?? Name;

    public SizeRange BatchSizes => _model.BatchSizes;

    public ModelFingerprint Identify() => ModelFingerprint.Of(_model, _layers);

    public IObservedModel Open(Device device, ObservationRules rules) => _model.Load(_layers, rules, device);

    public void Commit(IReadOnlyList<BnStat> stats) => _writer!.Write(
        stats.Select(stat => (_layers.First(layer => layer.Module.Name == stat.Name), (ILayerStatistics)stat)));
}
