using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Models.Compiled;
using PreciseBn.Native;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models;

/// <summary>A model in a file, or one of several programs there, which is opened when something of it is asked for, and stays open, so that it is the same all the time.</summary>
internal sealed class SavedModel(string path, string? program = null) : IModelSource
{
    private ModelFile? _file;

    public string Name => Path;

    public string Path { get; } = SourceFile.FullPath(path);

    public string? Program { get; private set; } = program;

    public FileIdentity? Identity => File.Files is [var file] ? file.Identity : null;

    public IReadOnlyList<BnModule> Layers => File.Layers.Select(layer => layer.Module with { Program = File.Program, File = Identity }).ToArray();

    public IReadOnlyList<string> UntrackedLayers => File.UntrackedLayers;

    public IReadOnlyList<string> UnaccountedCalls => File.UnaccountedCalls;

    public IReadOnlyList<string> OperatorsBeyondNumbers => File.OperatorsBeyondNumbers;

    public string Contents => File.Describe();

    public SizeRange BatchSizes => File.BatchSizes;

    public object Gate => this;

    private ModelFile File
    {
        get
        {
            if (_file is null)
            {
                _file = ModelFile.Open(Path, Program);
                Program = _file.Program;
            }
            return _file;
        }
    }

    public Device FindDevice(string? name) => Devices.Find(name ?? "cpu");

    public IReadOnlyList<string> FindShared(IReadOnlyCollection<string> layers) => File.FindShared(Find(layers));

    public ModelFingerprint Identify(IReadOnlyCollection<string> layers) => ModelFingerprint.Of(File, Find(layers));

    public IObservedModel Load(IReadOnlyCollection<string> layers, ObservationRules rules, Device device)
    {
        using var gradients = no_grad();
        return File.Load(Find(layers), rules, device);
    }

    public IRunningModel LoadToRun(OutputOptions options, Device device)
    {
        using var gradients = no_grad();
        return File.LoadToRun(options, device);
    }

    public IRunningModel LoadToRunByBatch(OutputOptions options, Device device)
    {
        using var gradients = no_grad();
        return File.Layers.Count > 0
            ? new RunningByBatch(Name, File.LoadToRunByBatch(options, device))
            : throw ModelErrors.NoLayers(Name, Contents);
    }

    public IStatisticsSink PrepareToWrite(SaveOptions options) => new Sink(this, options);

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }

    private StoredLayer[] Find(IReadOnlyCollection<string> names)
    {
        var missing = names.Except(File.Layers.Select(layer => layer.Module.Name)).FirstOrDefault();
        return missing is null
            ? File.Layers.Where(layer => names.Contains(layer.Module.Name)).ToArray()
            : throw ModelErrors.LayerNotFound(Name, missing);
    }

    private sealed class Sink(SavedModel model, SaveOptions options) : IStatisticsSink
    {
        private readonly StatisticsWriter _writer = new(model.File, options.Destination, options.Force, options.Backup);

        public string Destination => _writer.Destination;

        public void Write(IReadOnlyDictionary<string, ILayerStatistics> statistics, CancellationToken cancellation)
        {
            _writer.Write(model.Find([.. statistics.Keys]).Select(layer => (layer, statistics[layer.Module.Name])), cancellation);
            // What was open is the file of before.
            model.Dispose();
        }
    }
}
