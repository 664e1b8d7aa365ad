using System.Numerics;

namespace PreciseBn.Tests.Support;

/// <summary>An exact fraction.</summary>
internal readonly record struct Rational(BigInteger Numerator, BigInteger Denominator)
{
    // More than a float64 holds.
    private const int Bits = 80;

    public static implicit operator Rational(long value) => new(value, 1);

    public static Rational operator +(Rational a, Rational b) =>
        new((a.Numerator * b.Denominator) + (b.Numerator * a.Denominator), a.Denominator * b.Denominator);

    public static Rational operator -(Rational a, Rational b) => a + new Rational(-b.Numerator, b.Denominator);

    public static Rational operator *(Rational a, Rational b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    public static Rational operator /(Rational a, Rational b) => new(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    public static Rational Sum(IEnumerable<Rational> values) => values.Aggregate((Rational)0, (sum, value) => (sum + value).Reduce());

    public double ToDouble()
    {
        var shift = (int)Math.Max(0, Denominator.GetBitLength() - Numerator.GetBitLength()) + Bits;
        return Math.ScaleB((double)((Numerator << shift) / Denominator), -shift);
    }

    private Rational Reduce()
    {
        var divisor = BigInteger.GreatestCommonDivisor(Numerator, Denominator);
        return new Rational(Numerator / divisor, Denominator / divisor);
    }
}
