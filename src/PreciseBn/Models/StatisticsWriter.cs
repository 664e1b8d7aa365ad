using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models;

/// <summary>Writes statistics into a file, or a copy of it, in which nothing else changes.</summary>
internal sealed class StatisticsWriter
{
    private readonly ModelFile _model;
    private readonly string _destination;
    private readonly bool _isInPlace;
    private readonly bool _overwrite;
    private readonly bool _keepBackup;

    /// <param name="model">The file that has the layers.</param>
    /// <param name="destination">Where the result goes; <c>null</c> is the file itself.</param>
    /// <param name="overwrite">Whether another file at the destination may be replaced.</param>
    /// <param name="keepBackup">Whether what is replaced is kept, with <c>.bak</c> or <c>.bak.1</c> and so on appended to its name.</param>
    /// <exception cref="PreciseBnException">The destination cannot be written.</exception>
    public StatisticsWriter(ModelFile model, string? destination, bool overwrite, bool keepBackup)
    {
        _model = model;
        _overwrite = overwrite;
        _keepBackup = keepBackup;
        destination ??= model.Path;
        _isInPlace = WritableFile.IsSame(model.Path, destination);
        if (!_isInPlace && model.IsSharded)
            throw ModelErrors.ShardsNeedNoDestination(model.Path);
        if (!_isInPlace)
            model.RequireEnding(destination);
        // Under another name it may have been meant to be another file.
        if (destination != model.Path)
            WritableFile.Require(destination, overwrite);
        _destination = _isInPlace ? model.Path : destination;
        foreach (var file in model.Files)
            WritableFile.Require(DestinationOf(file));
    }

    /// <summary>Where the result goes.</summary>
    public string Destination => _destination;

    /// <summary>Writes the statistics of the layers, all or none.</summary>
    /// <exception cref="PreciseBnException">They do not fit, or something could not be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before the first file was replaced.</exception>
    public void Write(IEnumerable<(StoredLayer Layer, ILayerStatistics Statistics)> updates, CancellationToken cancellation = default)
    {
        var written = new Dictionary<(SourceFile, long), double>();
        var edits = updates.SelectMany(update => Edits(update.Layer, update.Statistics, written)).ToLookup(edit => edit.Slot.File);
        var replacements = new List<FileReplacement>();
        try
        {
            var files = _model.Files.Where(file => edits.Contains(file) || !_isInPlace).ToArray();
            foreach (var (index, file) in files.Index())
            {
                var replacement = new FileReplacement(
                    DestinationOf(file), file, _overwrite, _keepBackup, SeveralReplacements.KeptAs(DestinationOf(file), index, files.Length));
                replacements.Add(replacement);
                replacement.Prepare(copy => ArchivePatch.Apply(copy, file, edits[file].ToArray()), cancellation);
            }
            foreach (var replacement in replacements)
                replacement.RequireUnchanged();
            cancellation.ThrowIfCancellationRequested();
            SeveralReplacements.Commit(_model.Path, replacements);
        }
        finally
        {
            foreach (var replacement in replacements)
                replacement.Dispose();
        }
    }

    private string DestinationOf(SourceFile file) => _isInPlace ? file.Path : _destination;

    private IEnumerable<SlotEdit> Edits(
        StoredLayer layer, ILayerStatistics statistics, Dictionary<(SourceFile, long), double> written)
    {
        NewStatistics.Require(_model.Path, layer.Module.Name, statistics, layer.Mean.DType, layer.Variance.DType, layer.BatchesTracked?.DType);
        yield return Edit(layer, layer.Mean, statistics.Mean, written);
        yield return Edit(layer, layer.Variance, statistics.Variance, written);
        if (layer.BatchesTracked is { } slot && statistics.BatchesTracked is { } batches)
            yield return Edit(layer, slot, [batches], written);
    }

    private SlotEdit Edit(StoredLayer layer, TensorSlot slot, double[] values, Dictionary<(SourceFile, long), double> written)
    {
        if (slot.IsExpanded && values.Distinct().Count() > 1)
            throw ModelErrors.ExpandedStatistics(_model.Path, layer.Module.Name);
        for (var i = 0; i < values.Length; i++)
        {
            var place = (slot.File, slot.PositionOf(i));
            if (!written.TryAdd(place, values[i]) && written[place] != values[i])
                throw ModelErrors.SharedStatistics(_model.Path, layer.Module.Name);
        }
        return new SlotEdit(slot, values);
    }
}

/// <summary>Refuses statistics that no layer can have, or that a model has no room for, before anything is changed.</summary>
internal static class NewStatistics
{
    /// <param name="model">The model, for messages.</param>
    /// <param name="layer">The layer that they are for.</param>
    /// <param name="given">The statistics.</param>
    /// <param name="mean">Number format that the model keeps means in.</param>
    /// <param name="variance">That of variances.</param>
    /// <param name="batches">That of the count of batches, if the model keeps one in less than 64 bits.</param>
    /// <exception cref="PreciseBnException">A value is not finite, or not after it is rounded, or a variance is negative.</exception>
    public static void Require(string model, string layer, ILayerStatistics given, DType mean, DType variance, DType? batches = null)
    {
        RequireFits(model, layer, given.Mean, mean);
        RequireFits(model, layer, given.Variance, variance);
        if (batches is { } format && given.BatchesTracked is { } count)
            RequireFits(model, layer, [count], format);
        if (given.Variance.Any(value => value < 0))
            throw ModelErrors.NegativeVariance(model, layer);
    }

    private static void RequireFits(string model, string layer, double[] values, DType format)
    {
        foreach (var value in values)
        {
            var rounded = NumberFormat.Round(format, value);
            if (!double.IsFinite(rounded) || (!format.IsFloatingPoint() && rounded != value))
                throw ModelErrors.DoesNotFit(model, layer, value, format);
        }
    }
}
