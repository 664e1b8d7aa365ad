namespace PreciseBn.Comparison;

/// <summary>What a model as a whole says, without its numbers and without data.</summary>
internal static class ModelFindings
{
    public static IEnumerable<BnFinding> Of(string? path, int layers, string contents, IEnumerable<string> untracked, IEnumerable<string> unaccounted, IEnumerable<string> beyondNumbers)
    {
        if (layers == 0)
            yield return Finding(path, "", FindingSeverity.Warning, FindingKind.NoBatchNorm,
                $"There is no BatchNorm layer with tracked statistics; the file {contents}.",
                "If they were folded into other layers, recompute the statistics before that.");
        foreach (var name in beyondNumbers)
            yield return Finding(path, "", FindingSeverity.Error, FindingKind.BeyondNumbers,
                $"The code of the model calls aten::{name}, which reads or writes files.",
                "Do not run the model unless you trust it; it is refused unless that operator is allowed by its name.");
        foreach (var call in unaccounted)
            yield return Finding(path, "", FindingSeverity.Warning, FindingKind.Unaccounted, call,
                "Export the model so that each BatchNorm keeps its statistics in buffers of its own.");
        foreach (var name in untracked)
            yield return Finding(path, name, FindingSeverity.Information, FindingKind.Untracked,
                "The layer keeps no statistics and normalises by those of each batch.",
                "Its results depend on the batch; train it with track_running_stats to change that.");
    }

    private static BnFinding Finding(
        string? path, string name, FindingSeverity severity, FindingKind kind, string detail, string advice) => new()
        {
            Name = name,
            Severity = severity,
            Finding = kind,
            Detail = detail,
            Advice = advice,
            Path = path,
        };
}
