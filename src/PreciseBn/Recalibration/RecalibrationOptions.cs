namespace PreciseBn.Recalibration;

/// <summary>How statistics are recomputed.</summary>
public sealed record RecalibrationOptions
{
    /// <summary>The number of batches used where none is asked for.</summary>
    public const int DefaultIterations = 200;

    /// <summary>
    /// The number of batches to use. If the data end sooner, that is an error; if the number is <c>null</c>, all of the
    /// data are used, up to <see cref="DefaultIterations"/> batches.
    /// </summary>
    public int? Iterations { get; init; }

    /// <summary>How the variance is estimated.</summary>
    public Estimator Estimator { get; init; } = Estimator.PopulationVariance;
}
