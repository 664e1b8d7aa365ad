using PreciseBn.Primitives;
using PreciseBn.Recalibration;
using PreciseBn.Sharding;
using PreciseBn.Statistics;

namespace PreciseBn;

/// <summary>
/// Merges partial statistics into what one run over the same batches gives, within 1e-12, in whatever order they come. It
/// keeps the sums only, so that a thousand shards take no more memory than one.
/// </summary>
public sealed class BnMerger
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly ShardLedger _ledger;
    private readonly Dictionary<string, PartialSource> _sources = [];
    private readonly Dictionary<string, (int Index, PartialBnStat First, MomentMerge Merge)> _layers = [];
    private (PartialBnStat Partial, string Origin)? _first;
    private (long Batches, long Skipped, long LeftOut, StopReason StoppedBy) _totals = (0, 0, 0, StopReason.Tolerance);
    private string? _otherFile;

    /// <param name="shardCount">How many shards there are to be; <c>null</c> takes what they say themselves.</param>
    public BnMerger(int? shardCount = null) => _ledger = new(
        shardCount is null or > 0 ? shardCount : throw OptionErrors.Refused(nameof(shardCount), shardCount, "It is a number of shards, at least 1"));

    /// <summary>
    /// The shards that are missing of data of which others are there, in words; <c>null</c> if there are none. If it was said how many
    /// there are to be, and none has come, these are all.
    /// </summary>
    public string? MissingShards => _ledger.Missing;

    /// <summary>Adds files that Measure-BnStat or Export-BnStat wrote. While one is added, the next is read.</summary>
    /// <exception cref="PreciseBnException">One is damaged or unfinished, or does not go with the others.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; some have been added.</exception>
    public void AddFiles(IReadOnlyList<string> paths, CancellationToken cancellation = default)
    {
        var next = ReadAhead(paths, 0);
        for (var i = 0; i < paths.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var partials = next.GetAwaiter().GetResult();
            next = ReadAhead(paths, i + 1);
            foreach (var partial in partials)
                Add(partial, $"'{paths[i]}'");
        }
    }

    /// <summary>
    /// Adds files as they come into sight, until no shard is missing or the time is over: what one machine has written, another may see
    /// seconds later.
    /// </summary>
    /// <param name="find">Looks which files there are; it is asked from time to time.</param>
    /// <param name="longest">How long it is waited.</param>
    /// <param name="cancellation">Ends the waiting at once.</param>
    /// <param name="clock">By which clock; <c>null</c> takes that of the machine.</param>
    /// <returns>The files that were added.</returns>
    /// <exception cref="PreciseBnException">One is damaged or unfinished, or does not go with the others.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; some have been added.</exception>
    public IReadOnlyList<string> AwaitFiles(Func<IReadOnlyList<string>> find, TimeSpan longest, CancellationToken cancellation = default, TimeProvider? clock = null)
    {
        clock ??= TimeProvider.System;
        var start = clock.GetTimestamp();
        var added = new List<string>();
        while (true)
        {
            var files = find().Where(file => !added.Contains(file)).ToArray();
            AddFiles(files, cancellation);
            added.AddRange(files);
            var left = longest - clock.GetElapsedTime(start);
            if ((added.Count > 0 && MissingShards is null) || left <= TimeSpan.Zero)
                return added;
            Task.Delay(left < LookInterval ? left : LookInterval, clock, cancellation).GetAwaiter().GetResult();
        }
    }

    /// <summary>Adds what a shard, or several that were merged, say of one layer.</summary>
    /// <exception cref="PreciseBnException">It does not go with the others.</exception>
    public void Add(PartialBnStat partial) => Add(partial, $"shard {partial.Shards[0]}");

    /// <summary>The statistics of all layers.</summary>
    /// <param name="priorWeight">How many values the statistics in the model count as, in a mixture with the new ones.</param>
    /// <param name="allowMissing">Whether shards may be missing.</param>
    /// <exception cref="PreciseBnException">Shards are missing, or layers of some.</exception>
    public BnResult Estimate(double priorWeight = 0, bool allowMissing = false)
    {
        OptionErrors.RequireWeight(nameof(priorWeight), priorWeight);
        RefuseGaps(allowMissing);
        if (priorWeight > 0 && _otherFile is not null)
            throw PartialErrors.PriorsDiffer(First.Origin, _otherFile);
        var model = First.Partial.Path ?? First.Origin;
        RecalibrationErrors.RefuseNothing(model, _totals.Batches, _totals.Skipped);
        if (_layers.Values.All(layer => layer.Merge.Sum.Batches == 0))
            throw RecalibrationErrors.NothingReached(model, _totals.Batches);
        var estimators = First.Partial.Estimators;
        var data = string.Join("; ", _ledger.Present.Select(shard => $"{shard.Data} ({shard.Plan})").Distinct());
        return new BnResult(estimators.SelectMany(estimator => _layers.Values.Select(layer =>
            ToResult(layer.First, layer.Merge.Sum).ToStat(estimator, priorWeight, estimator == estimators[0] ? First.Partial.Path : null) with
            {
                ContentSha256 = layer.First.ContentSha256,
                Program = layer.First.Program,
                Data = data,
                Device = First.Partial.Device,
            })).ToArray());
    }

    /// <summary>The sums themselves, to be merged with others later; shards may be missing.</summary>
    /// <exception cref="PreciseBnException">Layers of some shards are missing.</exception>
    public IReadOnlyList<PartialBnStat> ToPartials()
    {
        RefuseGaps(allowMissing: true);
        var shards = _ledger.Present.Select(shard => shard.ToString()).ToArray();
        return _layers.Values.Select(layer => layer.First with
        {
            Path = First.Partial.Path,
            Batches = layer.Merge.Sum.Batches,
            Uses = layer.Merge.Sum.Uses,
            Count = layer.Merge.Sum.Count,
            Moments = layer.Merge.Sum.Table.Values,
            Shards = shards,
            TotalBatches = _totals.Batches,
            SkippedBatches = _totals.Skipped,
            ItemsLeftOut = _totals.LeftOut,
            StoppedBy = _totals.StoppedBy,
        }).ToArray();
    }

    private (PartialBnStat Partial, string Origin) First => _first ?? throw (MissingShards is { } all ? PartialErrors.ShardsMissing(all) : PartialErrors.NothingGiven());

    private void Add(PartialBnStat partial, string origin)
    {
        if (PartialNumbers.WhatIsWrong(partial) is { } wrong)
            throw PartialErrors.BadPartial(wrong);
        var source = SourceOf(partial, origin);
        if (!_layers.TryGetValue(partial.Name, out var layer))
            _layers.Add(partial.Name, layer = (_layers.Count, partial, new MomentMerge(partial.Sums)));
        else if (source.Has(layer.Index))
            throw PartialErrors.ShardTwice(source.Origin, ShardLabel.Parse(partial.Shards[0]), origin);
        else if (layer.First.Channels != partial.Channels)
            throw PartialErrors.LayersDiffer(First.Origin, origin, partial.Name);
        else
            layer.Merge.Add(partial.Sums);
        // A shard may have no item, or none that says how the data are scaled.
        if (layer.First.InputScale is null && partial.InputScale is not null)
            _layers[partial.Name] = layer with { First = layer.First with { InputScale = partial.InputScale } };
        source.Note(layer.Index);
    }

    private PartialSource SourceOf(PartialBnStat partial, string origin)
    {
        var (first, firstOrigin) = _first ??= (partial, origin);
        if (first.ContentSha256 != partial.ContentSha256 || first.Program != partial.Program)
            throw PartialErrors.ModelsDiffer(firstOrigin, first, origin, partial);
        if (first.Call != partial.Call)
            throw PartialErrors.CallsDiffer(firstOrigin, first.Call, origin, partial.Call);
        if (first.Limits != partial.Limits)
            throw PartialErrors.LimitsDiffer(firstOrigin, first, origin, partial);
        if (first.AllowsTf32 != partial.AllowsTf32)
            throw PartialErrors.PrecisionsDiffer(firstOrigin, origin, partial.AllowsTf32);
        if (!first.Estimators.SequenceEqual(partial.Estimators))
            throw PartialErrors.EstimatorsDiffer(firstOrigin, first.Estimators, origin, partial.Estimators);
        var key = string.Join('\n', partial.Shards);
        if (_sources.TryGetValue(key, out var source))
            return source;
        foreach (var shard in partial.Shards)
            _ledger.Enter(ShardLabel.Parse(shard), origin);
        if (first.ModelSha256 != partial.ModelSha256)
            _otherFile ??= origin;
        _totals = (_totals.Batches + partial.TotalBatches, _totals.Skipped + partial.SkippedBatches, _totals.LeftOut + partial.ItemsLeftOut,
            (StopReason)Math.Min((int)_totals.StoppedBy, (int)partial.StoppedBy));
        return _sources[key] = new PartialSource(origin);
    }

    private static Task<IReadOnlyList<PartialBnStat>> ReadAhead(IReadOnlyList<string> paths, int index) =>
        Task.Run(() => index < paths.Count ? BnPartialFile.Read(paths[index]) : []);

    private void RefuseGaps(bool allowMissing)
    {
        var origin = First.Origin;
        foreach (var source in _sources.Values)
        {
            if (_layers.FirstOrDefault(layer => !source.Has(layer.Value.Index)) is { Key: { } missing })
                throw PartialErrors.LayersDiffer(origin, source.Origin, missing);
        }
        if (!allowMissing && MissingShards is { } shards)
            throw PartialErrors.ShardsMissing(shards);
    }

    private LayerResult ToResult(PartialBnStat layer, LayerMoments moments) => new()
    {
        Name = layer.Name,
        Type = layer.Type,
        Eps = layer.Eps,
        Aliases = layer.Aliases,
        Previous = (layer.PreviousMean, layer.PreviousVariance),
        BatchesTracked = layer.BatchesTracked,
        Moments = moments,
        TotalBatches = _totals.Batches,
        SkippedBatches = _totals.Skipped,
        ItemsLeftOut = _totals.LeftOut,
        InputScale = layer.InputScale,
        StoppedBy = _totals.StoppedBy,
    };
}
