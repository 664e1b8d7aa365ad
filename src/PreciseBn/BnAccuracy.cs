namespace PreciseBn;

/// <summary>How well a model puts labelled data into classes, in evaluation, with the statistics that it has.</summary>
public sealed record BnAccuracy : BnEvaluation
{
    /// <summary>The part of the samples whose class has the highest score, from 0 to 1; of equal scores the first class has it.</summary>
    public double? Top1 { get; init; }

    /// <summary>Its standard error, the binomial one.</summary>
    public double? Top1Error { get; init; }

    /// <summary>The part of the samples whose class is among the five with the highest scores; <c>null</c> if there are no more than five.</summary>
    public double? Top5 { get; init; }

    /// <summary>Its standard error, the binomial one.</summary>
    public double? Top5Error { get; init; }

    /// <summary>The mean cross-entropy, in nats, computed in float64; of probabilities the negative logarithm of that of the class.</summary>
    public double? Loss { get; init; }

    /// <summary>Its standard error, from the deviation of the samples.</summary>
    public double? LossError { get; init; }

    /// <summary>
    /// The average of a metric of the user's, if one was measured: each number that it gave weighs as much as the samples that it is of.
    /// </summary>
    public double? Metric { get; init; }

    /// <summary>Its standard error, from how far these numbers, of batches or of samples, are from the average; <c>null</c> of one.</summary>
    public double? MetricError { get; init; }

    /// <summary>What it is of, and the part that is right, or the average of the metric.</summary>
    public override string ToString() => Top1 is { } part
        ? FormattableString.Invariant($"{Name}: {100 * part:0.00} % of {Samples} samples")
        : FormattableString.Invariant($"{Name}: {Metric:G6} on {Samples} samples");
}
