namespace PreciseBn.Evaluation;

/// <summary>
/// McNemar's test of two models on the same samples: only those tell them apart that one gets right and the other wrong, and if both
/// are right equally often, each of these falls to either side like a coin.
/// </summary>
internal static class McNemar
{
    /// <summary>How likely the coins fall as unevenly as this, to either side: 2 P(X ≤ the fewer) for X binomial, exact for any number.</summary>
    /// <param name="gained">Samples that the one gets right.</param>
    /// <param name="lost">Samples that the other gets right.</param>
    public static double PValue(long gained, long lost)
    {
        var (fewer, all) = (Math.Min(gained, lost), gained + lost);
        // Twice half of the coins and more is all that can happen.
        if (2 * fewer >= all - 1)
            return 1;
        // The logarithm of the largest term, all over fewer; the others follow from it.
        var logarithm = -all * Math.Log(2);
        for (var i = 1L; i <= fewer; i++)
            logarithm += Math.Log((double)(all - fewer + i) / i);
        var (term, sum) = (1.0, 1.0);
        for (var i = fewer; i > 0 && term > 0; i--)
        {
            term *= (double)i / (all - i + 1);
            sum += term;
        }
        return Math.Min(1, 2 * sum * Math.Exp(logarithm));
    }
}
