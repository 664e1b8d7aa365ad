namespace PreciseBn.Reports.Plots;

/// <summary>Plots that lie above each other and make one picture.</summary>
internal interface IPanels
{
    /// <summary>What the picture shows, for those who do not see it: one sentence.</summary>
    string Description { get; }

    /// <summary>Makes them for a picture of a width, in pixels.</summary>
    /// <returns>The plots from above; they are the caller's.</returns>
    IReadOnlyList<Panel> Make(float width);
}
