using System.Text;
using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Reports;
using PreciseBn.Reports.Page;
using PreciseBn.Reports.Plots;

namespace PreciseBn;

/// <summary>Writes what was measured, or compared, for people to read.</summary>
public static class BnReport
{
    private const float PlotWidth = 1000;

    /// <summary>What kind of report a file is to be.</summary>
    /// <param name="path">The file.</param>
    /// <param name="asked">The kind that is asked for; <c>null</c> lets the extension of the file decide.</param>
    /// <exception cref="PreciseBnException">The extension stands for no report, or for one of another kind.</exception>
    public static BnReportFormat FormatOf(string path, BnReportFormat? asked = null)
    {
        var format = asked ?? OfExtension(path);
        var (ending, what) = format switch
        {
            BnReportFormat.Png => (FileEnding.Pixels, "a picture in PNG"),
            BnReportFormat.Svg => (FileEnding.Drawing, "a drawing in SVG"),
            _ => (FileEnding.Page, "a page in HTML"),
        };
        ending.Require(path, what);
        return format;
    }

    /// <summary>Writes a report as a whole, or fails and leaves what was there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="layers">
    /// How far each layer of one model has moved, in the order of the network. Those from
    /// <see cref="BnComparer.CompareWithPrevious"/> also tell what was measured.
    /// </param>
    /// <param name="findings">What is not right with them, see <see cref="BnExaminer"/>.</param>
    /// <param name="title">The heading.</param>
    /// <param name="format">What it is written as.</param>
    /// <param name="force">Whether a file that is already there may be replaced.</param>
    /// <param name="evaluations">How well the model, and others, do on data, see <see cref="BnEvaluator"/>; it is at the top of a page.</param>
    /// <exception cref="PreciseBnException">There is no layer, or a layer comes twice, or the file cannot be written.</exception>
    public static void Write(
        string path, IReadOnlyList<BnComparison> layers, IReadOnlyList<BnFinding> findings, string title, BnReportFormat format, bool force,
        IReadOnlyList<BnEvaluation>? evaluations = null)
    {
        if (layers.Count == 0)
            throw ReportErrors.NothingGiven();
        if (layers.GroupBy(layer => layer.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw ReportErrors.GivenTwice(twice.Key);
        _ = FormatOf(path, format);
        WritableFile.Require(path, force);
        FileReplacement.Write(path, ToFile(new ReportContents(layers, findings, title, evaluations ?? []), format), force);
    }

    private static BnReportFormat OfExtension(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".png" => BnReportFormat.Png,
        ".svg" => BnReportFormat.Svg,
        ".html" or ".htm" => BnReportFormat.Html,
        _ => throw ReportErrors.UnknownFormat(path),
    };

    private static byte[] ToFile(ReportContents contents, BnReportFormat format)
    {
        if (format == BnReportFormat.Html)
            return Encoding.UTF8.GetBytes(ReportPage.Make(contents));
        var plot = new DriftPlot(contents.Layers);
        using var picture = new Picture(plot, PlotWidth);
        return format == BnReportFormat.Png ? picture.ToPng() : Encoding.UTF8.GetBytes(SvgText.ForFile(picture.ToSvg(), plot.Description));
    }
}
