using System.Numerics;
using PreciseBn.Comparison;
using PreciseBn.Statistics;

namespace PreciseBn.Recalibration;

/// <summary>How the statistics of a layer came close to those in the end.</summary>
internal static class Convergence
{
    /// <summary>Whether moments are kept after so many batches: after 1, 2, 4, 8 and so on, evenly on the scale on which errors fall.</summary>
    public static bool IsDue(long batches) => BitOperations.IsPow2(batches);

    /// <param name="looks">The moments of the layer after some batches, more each time.</param>
    /// <param name="last">Those in the end.</param>
    /// <param name="estimator">How statistics are made of them.</param>
    /// <param name="eps">What the layer adds to its variance.</param>
    public static ConvergencePoint[] Of(IReadOnlyList<LayerMoments> looks, LayerMoments last, Estimator estimator, double eps)
    {
        var end = last.Estimate(estimator);
        return looks.Append(last).Where(look => look.Batches > 0).DistinctBy(look => look.Batches)
            .Select(look => Point(look, look.Estimate(estimator), end, look.Errors(estimator), eps)).ToArray();
    }

    private static ConvergencePoint Point(
        LayerMoments look, (double[] Mean, double[] Variance) now, (double[] Mean, double[] Variance) end, StandardErrors errors, double eps) => new(
            look.Batches,
            Distance.Largest(errors.Mean),
            Distance.Largest(errors.LogVariance),
            Distance.Largest(look.Channels, channel => Distance.MeanShift(end.Mean[channel], end.Variance[channel], now.Mean[channel], eps)),
            Math.Log(Distance.Largest(look.Channels, channel => Distance.VarianceRatio(end.Variance[channel], now.Variance[channel], eps))));
}
