using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Tests.Support;

/// <summary>Observations as a model leaves them.</summary>
internal static class Observations
{
    /// <summary>One of a single layer with a single channel that was called once.</summary>
    public static Tensor Of(double mean, double variance, long count, ScalarType dtype)
    {
        double[] means = [mean, .. ObservationLayout.Encode(count, 1)];
        double[] variances = [variance, .. new double[means.Length - 1]];
        return tensor([.. means, .. variances], dtype).reshape(2, means.Length);
    }
}
