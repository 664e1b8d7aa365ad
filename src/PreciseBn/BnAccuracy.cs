namespace PreciseBn;

/// <summary>
/// How well a model puts labelled data into classes, in evaluation, with the statistics that it has. Errors are standard errors, as
/// the samples are one draw of many; of one sample there are none.
/// </summary>
public sealed record BnAccuracy
{
    /// <summary>What the model is called: the name of its file, or of its class.</summary>
    public required string Name { get; init; }

    /// <summary>Full path of the file; <c>null</c> for a model in memory.</summary>
    public string? Path { get; init; }

    /// <summary>Number of samples.</summary>
    public required long Samples { get; init; }

    /// <summary>Number of classes; this and what follows on classes is <c>null</c> where a metric was measured instead.</summary>
    public long? Classes { get; init; }

    /// <summary>The part of the samples whose class has the highest score, from 0 to 1; of equal scores the first class has it.</summary>
    public double? Top1 { get; init; }

    /// <summary>Its standard error, the binomial one.</summary>
    public double? Top1Error { get; init; }

    /// <summary>The part of the samples whose class is among the five with the highest scores; <c>null</c> if there are no more than five.</summary>
    public double? Top5 { get; init; }

    /// <summary>Its standard error, the binomial one.</summary>
    public double? Top5Error { get; init; }

    /// <summary>The mean cross-entropy, in nats, computed in float64.</summary>
    public double? Loss { get; init; }

    /// <summary>Its standard error, from the deviation of the samples.</summary>
    public double? LossError { get; init; }

    /// <summary>
    /// Whether all outputs were probabilities, not negative and with the sum 1, so that the loss is the negative logarithm of that of
    /// the class; otherwise they are taken for logits, for which logarithms of probabilities can be taken too.
    /// </summary>
    public bool AreProbabilities { get; init; }

    /// <summary>
    /// The average of a metric of the user's, if one was measured: each number that it gave weighs as much as the samples that it is of.
    /// </summary>
    public double? Metric { get; init; }

    /// <summary>Its standard error, from how far these numbers, of batches or of samples, are from the average; <c>null</c> of one.</summary>
    public double? MetricError { get; init; }

    /// <summary>The model that it is compared with, the first that was given; <c>null</c> for that itself.</summary>
    public string? Reference { get; init; }

    /// <summary>How many samples that the reference gets wrong it gets right.</summary>
    public long? Gained { get; init; }

    /// <summary>How many samples that the reference gets right it gets wrong.</summary>
    public long? Lost { get; init; }

    /// <summary>
    /// How likely samples change sides as unevenly as this if both models are right equally often: McNemar's test, exact, on both sides.
    /// </summary>
    public double? PValue { get; init; }

    /// <summary>The data, and how they were prepared; <c>null</c> if that is not known.</summary>
    public string? Data { get; init; }

    /// <summary>Where the model ran.</summary>
    public string? Device { get; init; }

    /// <summary>What it is of, and the part that is right, or the average of the metric.</summary>
    public override string ToString() => Top1 is { } part
        ? FormattableString.Invariant($"{Name}: {100 * part:0.00} % of {Samples} samples")
        : FormattableString.Invariant($"{Name}: {Metric:G6} on {Samples} samples");
}
