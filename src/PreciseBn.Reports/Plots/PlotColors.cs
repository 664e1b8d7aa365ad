using ScottPlot;

namespace PreciseBn.Reports.Plots;

/// <summary>
/// The colours of plots by what they stand for, and the variables of the page's style sheet that take their place there. All are
/// told apart with any colour vision (Okabe and Ito, "Color Universal Design"), and no two are the same.
/// </summary>
internal static class PlotColors
{
    public static readonly Color Ink = Color.FromHex("#24292F");
    public static readonly Color Grid = Color.FromHex("#E1E5EA");
    public static readonly Color Before = Color.FromHex("#77818C");
    public static readonly Color After = Color.FromHex("#0072B2");
    public static readonly Color Information = Color.FromHex("#1B7F79");
    public static readonly Color Warning = Color.FromHex("#B86E00");
    public static readonly Color Error = Color.FromHex("#C0392B");

    /// <summary>Colours as SVG has them, and the names of variables.</summary>
    public static IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string>
    {
        [Ink.ToHex()] = "ink",
        [Grid.ToHex()] = "grid",
        [Before.ToHex()] = "before",
        [After.ToHex()] = "after",
        [Information.ToHex()] = "information",
        [Warning.ToHex()] = "warning",
        [Error.ToHex()] = "error",
    };

    public static Color Of(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Information => Information,
        FindingSeverity.Warning => Warning,
        _ => Error,
    };
}
