using PreciseBn.Statistics;

namespace PreciseBn.Recalibration;

/// <summary>
/// Judges, from time to time, whether statistics are precise enough. A standard error is itself an estimate, and whoever
/// looks often enough catches it too small; so its upper confidence limit is judged, of a confidence that over all looks adds
/// up to 95 %.
/// </summary>
internal sealed class PrecisionCheck
{
    public const int FewestBatches = RunOptions.FewestForTolerance;

    private const double Growth = 1.25;
    private const double TotalRisk = 0.05;

    private readonly double _tolerance;
    private readonly IReadOnlyList<Estimator> _estimators;
    private readonly double _riskOfLook;
    private long _next = FewestBatches;

    /// <param name="tolerance">What all standard errors are to be below.</param>
    /// <param name="estimators">Whose errors are judged.</param>
    /// <param name="mostBatches">After how many batches it is over anyway.</param>
    /// <param name="earlier">After how many batches an earlier run was broken off; its looks are not repeated.</param>
    public PrecisionCheck(double tolerance, IReadOnlyList<Estimator> estimators, long mostBatches, long earlier = 0)
    {
        _tolerance = tolerance;
        _estimators = estimators;
        var looks = 1 + Math.Max(0, (int)Math.Log((double)mostBatches / FewestBatches, Growth));
        _riskOfLook = TotalRisk / looks;
        for (var batches = 1; batches <= earlier; batches++)
            IsDue(batches);
    }

    /// <summary>Whether it is time for a look; each is a quarter further from the start than the one before.</summary>
    public bool IsDue(long batches)
    {
        if (batches < _next)
            return false;
        _next = (long)Math.Ceiling(batches * Growth);
        return true;
    }

    /// <summary>Whether all layers that any batch has reached are precise enough.</summary>
    public bool IsReached(IReadOnlyList<LayerMoments> layers) =>
        layers.Where(layer => layer.Batches > 0).All(layer => IsReached(layer, UpperLimitFactor(layer.Batches, _riskOfLook)));

    /// <summary>By how much the upper confidence limit of a standard error from some batches is above the error.</summary>
    internal static double UpperLimitFactor(long batches, double risk)
    {
        // The squared error is distributed as chi-square; its lower quantile by Wilson and Hilferty.
        double degrees = batches - 1;
        var root = 1 - (2 / (9 * degrees)) - (UpperNormalQuantile(risk) * Math.Sqrt(2 / (9 * degrees)));
        return root <= 0 ? double.PositiveInfinity : Math.Pow(root, -1.5);
    }

    // Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.2.23; off by less than 4.5e-4.
    private static double UpperNormalQuantile(double risk)
    {
        var t = Math.Sqrt(-2 * Math.Log(risk));
        return t - ((2.515517 + (t * (0.802853 + (t * 0.010328)))) / (1 + (t * (1.432788 + (t * (0.189269 + (t * 0.001308)))))));
    }

    private bool IsReached(LayerMoments layer, double factor) => _estimators.All(estimator =>
    {
        var errors = layer.Errors(estimator);
        return errors.Mean.Concat(errors.LogVariance).All(error => error * factor <= _tolerance);
    });
}
