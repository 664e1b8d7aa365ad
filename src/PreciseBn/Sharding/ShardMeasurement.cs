using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Models;
using PreciseBn.Primitives;
using PreciseBn.Recalibration;

namespace PreciseBn.Sharding;

/// <summary>Runs a shard of the data through a model, and keeps the moments rather than make statistics of them.</summary>
/// <param name="source">The model.</param>
/// <param name="layers">Names of the layers that are measured.</param>
/// <param name="data">All of the data.</param>
/// <param name="options">Which shard, and how.</param>
/// <param name="progress">Told about every batch.</param>
internal sealed class ShardMeasurement(
    IModelSource source, IReadOnlyCollection<string> layers, IBatchSource data, ShardOptions options, IProgress<MeasureProgress>? progress)
{
    /// <summary>Measures, or goes on where an earlier run was broken off.</summary>
    /// <exception cref="PreciseBnException">The data, the model or the checkpoint cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<PartialBnStat> Run(CancellationToken cancellation)
    {
        var all = FittedBatches.Resize(data, source.BatchSizes);
        var label = ShardLabel.Of(all, options.Shard, options.DataName);
        if (options.Checkpoint is { } path)
        {
            BnDestination.RequireEndingOfStatistics(path);
            if (label.Data == ShardLabel.Unnamed)
                throw PartialErrors.DataNameNeeded(path);
        }
        using var session = new MeasuringSession(source, layers, all.BatchCount is { } count ? options.Shard.Share(count) : null, options, progress);
        var run = new PartialRun
        {
            Path = source.Path,
            Program = source.Program,
            Model = source.Identify(layers),
            Layers = session.Model.Layers,
            Shard = label,
            Device = session.Device.ToString(),
            AllowsTf32 = session.AllowsTf32,
            Options = options,
        };
        var checkpoint = options.Checkpoint is null ? null : new PartialCheckpoint(options.Checkpoint, options.Every, run);
        if (checkpoint?.Finished is { } finished)
            return finished;

        var batches = new FittedBatches(new ShardReading(all, options.Shard, checkpoint?.Saved?.Batches ?? 0), source.BatchSizes);
        session.RefuseFew(batches.BatchCount);
        var result = session.Measure(new UploadedBatches(batches, session.Device), options.MostBatches, (1, 1), cancellation, checkpoint);
        var partials = run.ToPartials(result.Totals, result.StoppedBy, batches.ItemsLeftOut + result.ItemsLeftOut, result.Entrance);
        return checkpoint?.Finish(partials) ?? partials;
    }
}

/// <summary>
/// Reads the batches of one shard. Where the first of all batches is not among those that are read, it comes before them,
/// uncounted: what a model takes from its first batch is then the same in every shard, and in one run over all of them.
/// </summary>
/// <param name="data">The data; if they do not say how they are divided, every n-th batch is in the shard.</param>
/// <param name="shard">The shard.</param>
/// <param name="skip">How many of its batches are left out at the start.</param>
internal sealed class ShardReading(IBatchSource data, DataShard shard, long skip) : IBatchSource
{
    /// <summary>The number of batches of the shard, with those left out.</summary>
    public long? BatchCount => data is IShardableBatchSource source ? source.Shard(shard).BatchCount : Share(data.BatchCount);

    public IEnumerable<Batch> Read(CancellationToken cancellation) =>
        data is IShardableBatchSource source ? ReadShard(source, cancellation) : ReadInTurn(cancellation);

    private IEnumerable<Batch> ReadShard(IShardableBatchSource source, CancellationToken cancellation)
    {
        var first = shard.Index == 1 && skip == 0 ? [] : source.Shard(shard.First, take: 1).Read(cancellation);
        return first.Select(batch => batch.Uncounted()).Concat(source.Shard(shard, skip).Read(cancellation));
    }

    // In one pass, as what comes one by one may come only once.
    private IEnumerable<Batch> ReadInTurn(CancellationToken cancellation)
    {
        var position = 0L;
        foreach (var batch in data.Read(cancellation))
        {
            if (shard.Has(position) && position / shard.Count >= skip)
                yield return batch;
            else if (position == 0)
                yield return batch.Uncounted();
            else
                batch.Dispose();
            position++;
        }
    }

    private long? Share(long? batches) => batches is { } count ? shard.Share(count) : null;
}

/// <summary>What a measurement of partial statistics is given: the model, the layers, the shard, and how.</summary>
internal sealed record PartialRun
{
    public required string? Path { get; init; }

    public required string? Program { get; init; }

    public required ModelFingerprint Model { get; init; }

    public required IReadOnlyList<BnModule> Layers { get; init; }

    public required ShardLabel Shard { get; init; }

    public required string Device { get; init; }

    public required bool AllowsTf32 { get; init; }

    public required ShardOptions Options { get; init; }

    /// <summary>The things that must be the same for a run to go on where another was broken off, as a user knows them.</summary>
    public IReadOnlyDictionary<string, string> Arguments => new Dictionary<string, string>
    {
        ["program"] = Program ?? "",
        ["model"] = Model.Content,
        ["layers"] = string.Join(", ", Layers.Select(layer => layer.Name)),
        ["call"] = Options.Call,
        ["shard"] = Shard.ToString(),
        ["device"] = Device,
        ["estimators"] = string.Join(", ", Options.Estimators),
        ["iterations"] = $"{Options.Iterations}",
        ["tolerance"] = FormattableString.Invariant($"{Options.Tolerance:R}"),
        ["allow reuse"] = $"{Options.AllowReuse}",
        ["skip non-finite"] = $"{Options.SkipNonFinite}",
        ["allow TF32"] = $"{AllowsTf32}",
        ["memory format"] = $"{Options.MemoryFormat}",
    };

    public IReadOnlyList<PartialBnStat> ToPartials(MomentTotals totals, StopReason stoppedBy, long itemsLeftOut = 0, Entrance? entrance = null) =>
        Layers.Zip(totals.Layers, (layer, moments) => new PartialBnStat
        {
            Name = layer.Name,
            Type = layer.Type,
            Eps = layer.Eps,
            Aliases = [.. layer.Aliases],
            Batches = moments.Batches,
            Uses = moments.Uses,
            Count = moments.Count,
            Moments = moments.Table.Values,
            PreviousMean = layer.Mean,
            PreviousVariance = layer.Variance,
            BatchesTracked = layer.BatchesTracked,
            Shards = [Shard.ToString()],
            TotalBatches = totals.Batches,
            SkippedBatches = totals.Skipped,
            ItemsLeftOut = itemsLeftOut,
            InputScale = entrance?.Of(layer.Name),
            Call = Options.Call,
            Iterations = Options.Iterations ?? RunOptions.DefaultIterations,
            Tolerance = Options.Tolerance,
            StoppedBy = stoppedBy,
            Estimators = [.. Options.Estimators],
            Device = Device,
            AllowsTf32 = AllowsTf32,
            Path = Path,
            Program = Program,
            ModelSha256 = Model.File,
            ContentSha256 = Model.Content,
        }).ToArray();
}

/// <summary>
/// Partial statistics that grow with the work. A process that is killed loses what it has measured since it saved last, and nothing
/// else; the next goes on from the attempt that has come furthest.
/// </summary>
internal sealed class PartialCheckpoint : IMeasurementCheckpoint
{
    private readonly string _path;
    private readonly PartialAttempts _attempts;
    private readonly int _every;
    private readonly PartialRun _run;

    /// <param name="path">The file of the result; if it is there, or an attempt at it, the run goes on from that.</param>
    /// <param name="every">After how many batches the work is saved each time.</param>
    /// <param name="run">What the run is given.</param>
    /// <exception cref="PreciseBnException">The file is of another run, or of another kind, or cannot be written.</exception>
    public PartialCheckpoint(string path, int every, PartialRun run)
    {
        _path = path;
        _attempts = new PartialAttempts(path);
        _every = every;
        _run = run;
        WritableFile.Require(path);
        if (_attempts.Furthest() is not var (furthest, contents))
            return;
        RefuseOtherRun(furthest, contents.Arguments);
        var first = contents.Partials[0];
        Saved = new MomentTotals(contents.Partials.Select(partial => partial.Sums).ToArray(), first.TotalBatches, first.SkippedBatches);
        if (!contents.IsFinished)
            return;
        Finished = contents.Partials;
        _attempts.Tidy();
    }

    /// <summary>The result, if an earlier run has come to its end.</summary>
    public IReadOnlyList<PartialBnStat>? Finished { get; }

    public MomentTotals? Saved { get; }

    public bool IsDue(long batches) => batches % _every == 0;

    public void Save(MomentTotals totals) => _attempts.Save(Contents(_run.ToPartials(totals, StopReason.Iterations), isFinished: false));

    public void Discard() => _attempts.Tidy();

    /// <summary>Saves the result, if no other attempt has done so before.</summary>
    /// <returns>The result that is kept.</returns>
    /// <exception cref="PreciseBnException">It cannot be written, or the other was of another run.</exception>
    public IReadOnlyList<PartialBnStat> Finish(IReadOnlyList<PartialBnStat> partials)
    {
        var kept = _attempts.Finish(Contents(partials, isFinished: true));
        RefuseOtherRun(_path, kept.Arguments);
        return kept.Partials;
    }

    private PartialContents Contents(IReadOnlyList<PartialBnStat> partials, bool isFinished) => new(partials, isFinished, _run.Arguments);

    private void RefuseOtherRun(string path, IReadOnlyDictionary<string, string> saved)
    {
        foreach (var (name, now) in _run.Arguments)
        {
            var then = saved.GetValueOrDefault(name, "");
            if (then != now)
                throw PartialErrors.OtherArguments(path, name, then, now);
        }
    }
}
