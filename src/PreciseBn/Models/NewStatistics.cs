using PreciseBn.Primitives;

namespace PreciseBn.Models;

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
