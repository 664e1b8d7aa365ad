using System.Globalization;

namespace PreciseBn.Reports;

/// <summary>Numbers as text, the same on machines of all languages.</summary>
internal static class Number
{
    private const string Infinity = "∞";
    private const string Unknown = "–";

    /// <summary>With four decimals, as in the table views of the module.</summary>
    public static string Text(double? value) => value switch
    {
        null or double.NaN => Unknown,
        double.PositiveInfinity => Infinity,
        >= 1e5 => value.Value.ToString("0.000e+0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.0000", CultureInfo.InvariantCulture),
    };

    /// <summary>With three digits, as people read it: 117, 0.48.</summary>
    public static string Rounded(double? value) => value switch
    {
        null or double.NaN => Unknown,
        double.PositiveInfinity => Infinity,
        0 => "0",
        >= 1e5 or < 1e-3 => value.Value.ToString("0.0e+0", CultureInfo.InvariantCulture),
        >= 100 => value.Value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString(value < 0.1 ? "0.000" : "0.00", CultureInfo.InvariantCulture),
    };

    /// <summary>A whole number with thin spaces between groups of three digits.</summary>
    public static string Text(long value) => value.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u202F');

    /// <summary>With as many digits as it takes to tell it from others at an axis.</summary>
    public static string Short(double value) => value != 0 && Math.Abs(value) is >= 1e5 or < 1e-3
        ? value.ToString("0.###e+0", CultureInfo.InvariantCulture)
        : value.ToString("0.####", CultureInfo.InvariantCulture);
}
