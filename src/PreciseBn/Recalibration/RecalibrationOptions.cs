using PreciseBn.Statistics;

namespace PreciseBn.Recalibration;

/// <summary>How statistics are recomputed.</summary>
public sealed record RecalibrationOptions
{
    /// <summary>The number of batches used where none is asked for.</summary>
    public const int DefaultIterations = 200;

    /// <summary>The fewest batches after which precision is judged.</summary>
    public const int FewestForTolerance = PrecisionCheck.FewestBatches;

    /// <summary>
    /// The number of batches to use, or with <see cref="Tolerance"/> the most. If the data end sooner, that is an error
    /// without a tolerance; if the number is <c>null</c>, all of the data are used, up to <see cref="DefaultIterations"/>
    /// batches.
    /// </summary>
    public int? Iterations { get; init; }

    /// <summary>
    /// Ends when the standard errors of all means, in deviations, and of the logarithms of all variances are below this,
    /// after <see cref="FewestForTolerance"/> batches at least; <c>null</c> does not end early.
    /// </summary>
    public double? Tolerance { get; init; }

    /// <summary>How the variance is estimated; the first is what is written, each is returned.</summary>
    public IReadOnlyList<Estimator> Estimators { get; init; } = [Estimator.PopulationVariance];

    /// <summary>
    /// How many values the statistics from before count as. They are mixed with the new ones as two sets of values are, the
    /// distance of their means included.
    /// </summary>
    public double PriorWeight { get; init; }

    /// <summary>
    /// Whether each layer is measured with the layers before it normalised by their final statistics, as they are when the
    /// model is used; the result does not depend on the size of the batches then. The data are read once for each layer, or
    /// group of layers that do not depend on each other.
    /// </summary>
    public bool Exact { get; init; }

    /// <summary>Whether it is kept how precise the statistics were after 1, 2, 4, 8 batches and so on, see <see cref="BnStat.Convergence"/>.</summary>
    public bool RecordConvergence { get; init; }

    /// <summary>Whether a layer may be called more than once in a forward pass; its uses are pooled then.</summary>
    public bool AllowReuse { get; init; }

    /// <summary>Whether batches with NaN or infinity are left out and counted; otherwise they are an error.</summary>
    public bool SkipNonFinite { get; init; }

    /// <summary>In which order the values of images lie in memory while the model runs; another than usual costs precision.</summary>
    public MemoryFormat MemoryFormat { get; init; }

    internal ObservationRules Rules => new() { AllowReuse = AllowReuse, SkipNonFinite = SkipNonFinite, MemoryFormat = MemoryFormat };
}
