namespace PreciseBn.Comparison;

/// <summary>Student's distribution: how many standard errors an estimate is off by chance, where the error is an estimate too.</summary>
internal static class StudentDistribution
{
    private const double RelativePrecision = 1e-9;

    /// <summary>The number of standard errors that an estimate is off, on either side, with the probability of a risk.</summary>
    /// <param name="risk">The probability, above 1e-12.</param>
    /// <param name="degrees">Degrees of freedom, at least 1.</param>
    public static double TwoSidedQuantile(double risk, long degrees)
    {
        var above = 1.0;
        while (TwoSidedTail(above, degrees) > risk)
            above *= 2;
        var below = 0.0;
        while (above - below > RelativePrecision * above)
        {
            var middle = (above + below) / 2;
            if (TwoSidedTail(middle, degrees) > risk)
                below = middle;
            else
                above = middle;
        }
        return above;
    }

    // Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
    private static double TwoSidedTail(double value, long degrees)
    {
        var angle = Math.Atan(value / Math.Sqrt(degrees));
        var (sine, cosine) = Math.SinCos(angle);
        var isOdd = degrees % 2 == 1;
        var term = degrees == 1 ? 0 : isOdd ? cosine : 1;
        var sum = term;
        for (var power = isOdd ? 3 : 2; power < degrees && term > double.Epsilon; power += 2)
        {
            term *= cosine * cosine * (power - 1) / power;
            sum += term;
        }
        return 1 - (isOdd ? 2 / Math.PI * (angle + (sine * sum)) : sine * sum);
    }
}
