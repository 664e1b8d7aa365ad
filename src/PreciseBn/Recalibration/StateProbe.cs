using PreciseBn.Batches;
using PreciseBn.Models;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>
/// Finds out whether what a model has run decides what it sees: then parts of the data, each of which begins with the model as it was saved, are not
/// those of one run. A counter that decides nothing does no harm.
/// </summary>
/// <param name="name">The model, for messages.</param>
/// <param name="model">The model, before its first batch.</param>
/// <param name="checkpoint">What was saved of it on the way, which is of no use if it is refused.</param>
internal sealed class StateProbe(string name, IObservedModel model, IMeasurementCheckpoint? checkpoint) : IDisposable
{
    // Layers may round otherwise each time.
    private const double Tolerance = 1e-5;

    private readonly IModelState _initial = model.CopyState();
    private Batch? _batch;

    /// <summary>Keeps a copy of the first batch.</summary>
    /// <returns>Whether it is the first.</returns>
    public bool TryKeep(Batch batch)
    {
        if (_batch is not null)
            return false;
        _batch = batch.Copy();
        return true;
    }

    /// <summary>Refuses a model that sees the first batch otherwise than at its start, now that it has run.</summary>
    /// <exception cref="Primitives.PreciseBnException">It does.</exception>
    public void Refuse()
    {
        using var gradients = no_grad();
        using var state = model.CopyState();
        if (_batch is null || _initial.Differences(state) is not { Count: > 0 } changed)
            return;
        // Dropout is the same each time.
        using var random = get_rng_state();
        var now = See(_batch);
        _initial.Restore();
        set_rng_state(random);
        var then = See(_batch);
        state.Restore();
        set_rng_state(random);
        if (now.Zip(then).All(pair => AreAlike(pair.First, pair.Second)))
            return;
        // From there the next run would go on, from a model as it was saved, and come to the end.
        checkpoint?.Discard();
        throw RecalibrationErrors.DependsOnState(name, changed);
    }

    public void Dispose()
    {
        _initial.Dispose();
        _batch?.Dispose();
    }

    // What a channel sees, with the number of its values.
    private (double Mean, double Variance, long Values)[] See(Batch batch)
    {
        using var copy = batch.Copy();
        var observation = model.Observe(copy);
        using var scope = NewDisposeScope();
        var rows = observation.to(ScalarType.Float64).cpu().data<double>().ToArray();
        return model.Layout.Starts.Zip(model.Layout.Channels).SelectMany((place, layer) => Enumerable.Range(place.First, place.Second)
            .Select(column => (rows[column], rows[model.Layout.Width + column], model.Layout.CountsOf(rows, layer).Values))).ToArray();
    }

    private static bool AreAlike((double Mean, double Variance, long Values) one, (double Mean, double Variance, long Values) other) =>
        one.Equals(other) || (one.Values == other.Values && Math.Abs(one.Mean - other.Mean) <= Tolerance * Math.Sqrt(one.Variance)
            && Math.Abs(one.Variance - other.Variance) <= Tolerance * one.Variance);
}
