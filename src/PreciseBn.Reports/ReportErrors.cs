using PreciseBn.Primitives;

namespace PreciseBn.Reports;

/// <summary>What can be wrong with what a report is to be of.</summary>
internal static class ReportErrors
{
    public static PreciseBnException NothingGiven() => new(
        "NothingGiven", ErrorKind.InvalidArgument, "There is no layer to report on.",
        "Give statistics that were recomputed or compared.");

    public static PreciseBnException GivenTwice(string name) => new(
        "LayerGivenTwice", ErrorKind.InvalidArgument,
        $"The layer '{name}' was given twice, and a report is of one model and one estimator.", "Write a report for each.", name);

    public static PreciseBnException UnknownFormat(string path) => new(
        "UnknownReportFormat", ErrorKind.InvalidArgument, $"The name of '{path}' does not tell what kind of report it is to be.",
        "End it with .html, .svg or .png.", path);
}
