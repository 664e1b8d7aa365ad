using ScottPlot;

namespace PreciseBn.Reports.Plots;

/// <summary>What a mark in a plot stands for.</summary>
/// <param name="Text">A word or two.</param>
/// <param name="Shape">The mark.</param>
/// <param name="Color">Its colour.</param>
internal sealed record Key(string Text, MarkerShape Shape, Color Color)
{
    /// <summary>How large marks are, in pixels, where there is room.</summary>
    public const float Size = 9;
}
