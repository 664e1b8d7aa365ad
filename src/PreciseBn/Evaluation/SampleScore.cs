namespace PreciseBn.Evaluation;

/// <summary>What the scores of the classes say of one sample.</summary>
/// <param name="Rank">How many classes come before the right one: those with a higher score, and of the same those with a smaller number.</param>
/// <param name="Loss">The cross-entropy if the scores are logits.</param>
/// <param name="LossOfProbabilities">The same if they are probabilities.</param>
/// <param name="AreProbabilities">Whether they may be: none is negative, and their sum is 1.</param>
internal readonly record struct SampleScore(int Rank, double Loss, double LossOfProbabilities, bool AreProbabilities)
{
    /// <param name="scores">The scores.</param>
    /// <param name="label">The right class.</param>
    /// <param name="tolerance">By how much a sum of probabilities may be off 1.</param>
    /// <returns>What they say, or <c>null</c> where one of them is NaN or infinity, or all are impossible.</returns>
    public static SampleScore? Of(ReadOnlySpan<double> scores, int label, double tolerance)
    {
        var (own, highest, lowest, sum, rank) = (scores[label], double.NegativeInfinity, double.PositiveInfinity, 0.0, 0);
        for (var i = 0; i < scores.Length; i++)
        {
            if (double.IsNaN(scores[i]))
                return null;
            (highest, lowest, sum) = (Math.Max(highest, scores[i]), Math.Min(lowest, scores[i]), sum + scores[i]);
            if (scores[i] > own || (scores[i] == own && i < label))
                rank++;
        }
        if (!double.IsFinite(highest))
            return null;
        var exponentials = 0.0;
        foreach (var score in scores)
            exponentials += Math.Exp(score - highest);
        return new SampleScore(rank, highest - own + Math.Log(exponentials), -Math.Log(own), lowest >= 0 && Math.Abs(sum - 1) <= tolerance);
    }
}
