namespace PreciseBn;

/// <summary>
/// How the variance of a layer is estimated from its batches ("Rethinking 'Batch' in BatchNorm", arXiv 2105.07576,
/// section 3 and appendix A).
/// </summary>
public enum Estimator
{
    /// <summary>
    /// Mean and biased variance of all values pooled, batches weighted by their size. The better choice for small
    /// batches and for batches of different sizes.
    /// </summary>
    PopulationVariance,

    /// <summary>The plain average of the batches' means and unbiased variances, as in the paper on BatchNorm.</summary>
    MeanOfBatchVariance,
}
