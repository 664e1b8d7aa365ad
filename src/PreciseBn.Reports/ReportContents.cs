using PreciseBn.Comparison;

namespace PreciseBn.Reports;

/// <summary>What a report is of.</summary>
internal sealed record ReportContents
{
    /// <param name="layers">How far each layer has moved, in the order of the network.</param>
    /// <param name="findings">What is not right with them.</param>
    /// <param name="title">The heading.</param>
    /// <param name="evaluations">How well models do on data.</param>
    public ReportContents(IReadOnlyList<BnComparison> layers, IReadOnlyList<BnFinding> findings, string title, IReadOnlyList<BnEvaluation> evaluations)
    {
        // Programs of one file may have layers of one name.
        var hasSeveralPrograms = layers.Select(layer => layer.Program).Concat(findings.Select(finding => finding.Program)).Distinct().Count() > 1;
        string Named(string name, string? program) => Printable.Text(hasSeveralPrograms && program is not null && name.Length > 0 ? $"{name} ({program})" : name);
        Title = Printable.Text(title);
        Layers = layers.Select(layer => layer with { Name = Named(layer.Name, layer.Program) }).ToArray();
        Findings = findings.OrderByDescending(finding => finding.Severity).Select(finding => finding with
        {
            Name = Named(finding.Name, finding.Program),
            Detail = Printable.Text(finding is { Name: "", Program: { } program } ? $"Program '{program}': {finding.Detail}" : finding.Detail),
            Advice = Printable.Text(finding.Advice),
        }).ToArray();
        Evaluations = evaluations.Select(evaluation => evaluation with
        {
            Name = Printable.Text(evaluation.Name),
            Reference = evaluation.Reference is null ? null : Printable.Text(evaluation.Reference),
            Data = evaluation.Data is null ? null : Printable.Text(evaluation.Data),
        }).ToArray();
    }

    public string Title { get; }

    /// <summary>What was done.</summary>
    public ReportKind Kind => Layers.All(layer => layer is BnVerdict) ? ReportKind.Gate
        : Layers.All(layer => layer is { Difference: BnStat, Reference: PreviousStatistics }) ? ReportKind.Recomputation
        : ReportKind.Comparison;

    /// <summary>The layers that have moved noticeably, by the limits of the module, the farthest first.</summary>
    public IReadOnlyList<BnComparison> Moved => Layers.Where(layer => SeverityOf(layer) is FindingSeverity.Warning or FindingSeverity.Error)
        .OrderByDescending(layer => Rank(layer.MeanShift)).ToArray();

    public IReadOnlyList<BnComparison> Layers { get; }

    /// <summary>The worst first.</summary>
    public IReadOnlyList<BnFinding> Findings { get; }

    /// <summary>How well models do on data.</summary>
    public IReadOnlyList<BnEvaluation> Evaluations { get; }

    /// <summary>Those layers that were measured on data.</summary>
    public IReadOnlyList<BnStat> Measured => Layers.Select(layer => layer.Difference).OfType<BnStat>().ToArray();

    /// <summary>What was asked for, as it was typed: of each kind of command one after the other.</summary>
    public IReadOnlyList<string> Commands => Measured.Select(stat => stat.Command).Concat(Layers.Select(layer => layer.Command))
        .Concat(Evaluations.Select(evaluation => evaluation.Command)).OfType<string>().Select(Printable.Text).Distinct().ToArray();

    /// <summary>A number by which the worst come first. NaN is not larger than anything, and yet is worse; so is what is not there.</summary>
    public static double Rank(double? value) => value is null or double.NaN ? double.PositiveInfinity : value.Value;

    /// <summary>How bad it is that a layer has moved; <c>null</c> if it is on one side only.</summary>
    public static FindingSeverity? SeverityOf(BnComparison layer) => layer is { MeanShift: { } shift, VarianceRatio: { } ratio }
        ? DriftSeverity.Of(shift, ratio)
        : null;
}

/// <summary>What a report is about.</summary>
internal enum ReportKind
{
    /// <summary>Two sides were compared.</summary>
    Comparison,

    /// <summary>Statistics were measured on data, beside what was stored.</summary>
    Recomputation,

    /// <summary>Layers were let through, or not.</summary>
    Gate,
}
