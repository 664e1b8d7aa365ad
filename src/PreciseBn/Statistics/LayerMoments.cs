namespace PreciseBn.Statistics;

/// <summary>The moments of the values that reached one layer, in float64.</summary>
internal sealed record LayerMoments
{
    /// <summary>Number of batches that reached the layer.</summary>
    public required long Batches { get; init; }

    /// <summary>Number of values of each channel.</summary>
    public required long Count { get; init; }

    /// <summary>Mean of all values, shape [C].</summary>
    public required double[] Mean { get; init; }

    /// <summary>Sum of the squared deviations of all values from <see cref="Mean"/>, shape [C].</summary>
    public required double[] SquaredDeviations { get; init; }

    /// <summary>Sum over the batches of their means, shape [C].</summary>
    public required double[] SumOfBatchMeans { get; init; }

    /// <summary>Sum over the batches of their unbiased variances, shape [C].</summary>
    public required double[] SumOfBatchVariances { get; init; }

    /// <summary>Mean and variance as the estimator has them. At least one batch must have reached the layer.</summary>
    public (double[] Mean, double[] Variance) Estimate(Estimator estimator) => estimator switch
    {
        Estimator.PopulationVariance => (Mean, Divide(SquaredDeviations, Count)),
        Estimator.MeanOfBatchVariance => (Divide(SumOfBatchMeans, Batches), Divide(SumOfBatchVariances, Batches)),
        _ => throw new ArgumentOutOfRangeException(nameof(estimator), estimator, null),
    };

    private static double[] Divide(double[] sums, long count) => Array.ConvertAll(sums, sum => sum / count);
}
