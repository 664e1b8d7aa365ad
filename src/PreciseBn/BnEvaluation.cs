namespace PreciseBn;

/// <summary>
/// What running data through a model has shown. Errors are standard errors, as the samples are one draw of many; of one sample there are
/// none.
/// </summary>
public abstract record BnEvaluation
{
    /// <summary>What the model is called: the name of its file, or of its class.</summary>
    public required string Name { get; init; }

    /// <summary>Full path of the file; <c>null</c> for a model in memory.</summary>
    public string? Path { get; init; }

    /// <summary>Which of several programs in that file; <c>null</c> where it has no other.</summary>
    public string? Program { get; init; }

    /// <summary>Number of samples.</summary>
    public required long Samples { get; init; }

    /// <summary>Number of classes; this and all that is said of classes is <c>null</c> where the model does not tell them apart, or was not asked to.</summary>
    public long? Classes { get; init; }

    /// <summary>Whether all outputs were probabilities, not negative and with the sum 1; otherwise they are taken for logits, for which logarithms of probabilities can be taken too.</summary>
    public bool AreProbabilities { get; init; }

    /// <summary>The model that it is compared with, the first that was given; <c>null</c> for that itself.</summary>
    public string? Reference { get; init; }

    /// <summary>How many samples it has right that the reference has wrong. Where agreement is measured, a sample is right whose class stays the same.</summary>
    public long? Gained { get; init; }

    /// <summary>How many samples it has wrong that the reference has right.</summary>
    public long? Lost { get; init; }

    /// <summary>
    /// How likely samples change sides as unevenly as this if both models are right equally often: McNemar's test, exact, on both sides.
    /// </summary>
    public double? PValue { get; init; }

    /// <summary>The data, and how they were prepared; <c>null</c> if that is not known.</summary>
    public string? Data { get; init; }

    /// <summary>Where the model ran.</summary>
    public string? Device { get; init; }

    /// <summary>What was asked for, as whoever ran it would type it; <c>null</c> where that is not known.</summary>
    public string? Command { get; init; }
}
