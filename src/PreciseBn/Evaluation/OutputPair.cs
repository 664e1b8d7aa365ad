namespace PreciseBn.Evaluation;

/// <summary>What a model returns for a sample with the statistics that it has, beside what it returns with those of the batch.</summary>
/// <param name="Difference">The sum of the squares of the differences.</param>
/// <param name="Size">The sum of the squares with the statistics of the batch.</param>
/// <param name="IsFinite">Whether all numbers are; what is infinite both times, as classes that are ruled out, counts for nothing.</param>
internal readonly record struct OutputPair(double Difference, double Size, bool IsFinite)
{
    public static OutputPair Of(ReadOnlySpan<double> stored, ReadOnlySpan<double> byBatch)
    {
        var (difference, size, isFinite) = (0.0, 0.0, true);
        for (var i = 0; i < stored.Length; i++)
        {
            if (double.IsNegativeInfinity(stored[i]) && double.IsNegativeInfinity(byBatch[i]))
                continue;
            var delta = stored[i] - byBatch[i];
            difference += delta * delta;
            size += byBatch[i] * byBatch[i];
            isFinite &= double.IsFinite(stored[i]) && double.IsFinite(byBatch[i]);
        }
        return new OutputPair(difference, size, isFinite);
    }

    /// <summary>The class with the highest score; of equal ones the first.</summary>
    public static int ClassOf(ReadOnlySpan<double> scores)
    {
        var best = 0;
        for (var i = 1; i < scores.Length; i++)
            best = scores[i] > scores[best] ? i : best;
        return best;
    }

    /// <summary>Whether scores may be probabilities: none is negative, and their sum is 1.</summary>
    public static bool AreProbabilities(ReadOnlySpan<double> scores, double tolerance)
    {
        var sum = 0.0;
        foreach (var score in scores)
            sum += score >= 0 ? score : double.NaN;
        return Math.Abs(sum - 1) <= tolerance;
    }

    /// <summary>How far the probabilities of a sample are from those with the statistics of the batch, in nats, by their logits.</summary>
    public static double DivergenceOfLogits(ReadOnlySpan<double> stored, ReadOnlySpan<double> byBatch)
    {
        var (own, other) = (LogarithmOfSum(stored), LogarithmOfSum(byBatch));
        var sum = 0.0;
        for (var i = 0; i < stored.Length; i++)
        {
            var logarithm = byBatch[i] - other;
            if (Math.Exp(logarithm) is > 0 and var probability)
                sum += probability * (logarithm - (stored[i] - own));
        }
        return Math.Max(0, sum);
    }

    /// <summary>The same by the probabilities themselves.</summary>
    public static double DivergenceOfProbabilities(ReadOnlySpan<double> stored, ReadOnlySpan<double> byBatch)
    {
        var sum = 0.0;
        for (var i = 0; i < stored.Length; i++)
        {
            if (byBatch[i] > 0)
                sum += byBatch[i] * Math.Log(byBatch[i] / stored[i]);
        }
        return Math.Max(0, sum);
    }

    private static double LogarithmOfSum(ReadOnlySpan<double> logits)
    {
        var highest = logits[ClassOf(logits)];
        var sum = 0.0;
        foreach (var logit in logits)
            sum += Math.Exp(logit - highest);
        return highest + Math.Log(sum);
    }
}
