namespace PreciseBn;

/// <summary>What a report is written as.</summary>
public enum BnReportFormat
{
    /// <summary>One page with everything, which needs nothing from elsewhere.</summary>
    Html,

    /// <summary>The plot of the drift alone, as pixels on white.</summary>
    Png,

    /// <summary>The plot of the drift alone, as a drawing on white.</summary>
    Svg,
}
