using System.Diagnostics;
using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Native;
using PreciseBn.Primitives;
using PreciseBn.Statistics;

namespace PreciseBn.Recalibration;

/// <summary>A model that is ready to be measured, with all that measuring the whole of some data and a shard of them have in common.</summary>
internal sealed class MeasuringSession : IDisposable
{
    // Inlining a model has been made up for after some 150 to 500 batches.
    private const int LongRun = 500;

    private readonly RunOptions _options;
    private readonly IProgress<MeasureProgress>? _progress;
    private readonly RetainedHeap _memory = new();
    private readonly IDisposable? _precision;
    private readonly ThreadLimit _threads;
    private readonly Stopwatch _clock = new();
    private readonly bool _isWhole;

    /// <param name="source">The model.</param>
    /// <param name="layers">Names of the layers that are measured.</param>
    /// <param name="given">How many batches there are; <c>null</c> if that is not known.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told about every batch.</param>
    /// <exception cref="PreciseBnException">The model cannot run.</exception>
    public MeasuringSession(
        IModelSource source, IReadOnlyCollection<string> layers, long? given, RunOptions options, IProgress<MeasureProgress>? progress)
    {
        TorchLibrary.Require();
        _options = options;
        _progress = progress;
        _isWhole = layers.Count == source.Layers.Count;
        Name = source.Name;
        _threads = new ThreadLimit(options.Threads);
        _precision = options.AllowTf32 ? null : FullPrecision.Hold();
        try
        {
            Device = source.FindDevice(options.Device);
            var isLong = options.Tolerance is null && Math.Min(options.MostBatches, given ?? options.MostBatches) >= LongRun;
            Model = source.Load(layers, Rules(options) with { IsLong = isLong }, Device);
        }
        catch
        {
            _precision?.Dispose();
            _threads.Dispose();
            _memory.Dispose();
            throw;
        }
    }

    /// <summary>The model, as messages name it.</summary>
    public string Name { get; }

    /// <summary>Where it runs.</summary>
    public TorchSharp.torch.Device Device { get; }

    /// <summary>Whether products may be rounded to TF32; a CPU does not know it.</summary>
    public bool AllowsTf32 => _options.AllowTf32 && Device.type == TorchSharp.DeviceType.CUDA;

    public IObservedModel Model { get; }

    /// <summary>Refuses data that are known to be too few, before any is read.</summary>
    public void RefuseFew(long? batches)
    {
        if (batches < _options.FewestBatches)
            throw RecalibrationErrors.NotEnoughData(Name, _options, batches.Value);
    }

    /// <summary>Tells of a plan of several passes or segments, before the first.</summary>
    public void Announce(IBatchSource data, long most, int passes, TimeSpan timeOfBatch, KeptSize? kept = null) => _progress?.Report(
        new MeasureProgress(Name, 0, Math.Min(most, data.BatchCount ?? most), TimeSpan.Zero, 0, passes) { TimeOfBatch = timeOfBatch, Kept = kept });

    /// <summary>Runs the batches, once.</summary>
    /// <param name="data">The batches.</param>
    /// <param name="most">The most of them that are used.</param>
    /// <param name="pass">Which time this is, and how many there will be.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <param name="checkpoint">Where the work is saved from time to time, and goes on from.</param>
    /// <param name="onObserved">Told each batch when the model has seen it.</param>
    public MeasurementResult Measure(IBatchSource data, long most, (int Pass, int Passes) pass, CancellationToken cancellation,
        IMeasurementCheckpoint? checkpoint = null, Action<Batch>? onObserved = null)
    {
        _clock.Start();
        var earlier = checkpoint?.Saved?.Batches ?? 0;
        var total = Math.Min(most, data.BatchCount ?? most);
        using var measurement = new Measurement(Name, Model, data, _options, most, checkpoint);
        var result = measurement.Run(
            done => _progress?.Report(new MeasureProgress(Name, done, total, _clock.Elapsed, pass.Pass, pass.Passes) { Earlier = earlier, Note = Model.Note }),
            cancellation, onObserved);
        // Of some layers, and in a further pass, the first to be reached need not be where the data come in.
        return _isWhole && pass.Pass == 1 ? result : result with { Entrance = null };
    }

    private static ObservationRules Rules(RunOptions options) => new()
    {
        AllowReuse = options.AllowReuse,
        SkipNonFinite = options.SkipNonFinite,
        AllowSingleValues = options is MeasureOptions { Exact: true },
        EndsEarly = options is MeasureOptions { Exact: true } && !options.AllowReuse,
        InSegments = options is MeasureOptions { Exact: true, Tolerance: null },
        AllowTf32 = options.AllowTf32,
        MemoryFormat = options.MemoryFormat,
        Method = options.Method,
        Arguments = options.Arguments,
        AllowedOperators = options.AllowedOperators,
    };

    public void Dispose()
    {
        _precision?.Dispose();
        try
        {
            Model.Dispose();
        }
        finally
        {
            _threads.Dispose();
            _memory.Dispose();
        }
    }
}
