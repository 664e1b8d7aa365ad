namespace PreciseBn;

/// <summary>
/// How far the outputs of a model with the statistics that it has are from those with the statistics of each batch, by which it was
/// trained: the gap that precise statistics close. All else is in evaluation both times, and no labels are needed.
/// </summary>
/// <remarks>
/// The samples of a batch share its statistics, and those of a small batch are noisy, so that of the best statistics too some distance is
/// left. Models are to be compared on the same batches.
/// </remarks>
public sealed record BnAgreement : BnEvaluation
{
    /// <summary>Number of batches.</summary>
    public required long Batches { get; init; }

    /// <summary>The part of the samples whose highest score is that of the same class both times, from 0 to 1; of equal scores the first class has it.</summary>
    public double? Agreement { get; init; }

    /// <summary>Its standard error, the binomial one.</summary>
    public double? AgreementError { get; init; }

    /// <summary>
    /// The root of the mean square of the differences of the outputs, over that of the outputs with the statistics of the batch: 0 where they
    /// are equal, whatever the scale.
    /// </summary>
    public required double Distance { get; init; }

    /// <summary>Its standard error, that of a ratio of two means.</summary>
    public double? DistanceError { get; init; }

    /// <summary>
    /// The mean Kullback-Leibler divergence, in nats, of the probabilities of the classes with the statistics that the model has from those
    /// with the statistics of the batch.
    /// </summary>
    public double? Divergence { get; init; }

    /// <summary>Its standard error, from the deviation of the samples.</summary>
    public double? DivergenceError { get; init; }

    /// <summary>How many items at the end of the data were left out, as their batch is too small to be normalised by itself.</summary>
    public long ItemsLeftOut { get; init; }

    /// <summary>What it is of, and how far its outputs are apart.</summary>
    public override string ToString() => FormattableString.Invariant($"{Name}: {(Agreement is { } part ? $"{100 * part:0.00} % the same, " : "")}distance {Distance:0.0000} on {Samples} samples");
}
