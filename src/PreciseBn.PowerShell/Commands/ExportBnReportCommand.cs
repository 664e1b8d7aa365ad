using System.Management.Automation;
using PreciseBn.PowerShell.Completion;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>Writes a report on statistics that were recomputed or compared: a page, or the plot of the drift alone.</summary>
[Cmdlet(VerbsData.Export, "BnReport", HelpUri = HelpPages.Folder + "Export-BnReport.md", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(FileInfo))]
public sealed class ExportBnReportCommand : ExportCmdlet
{
    private const string CompareSet = "Compare";

    private readonly List<BnComparison> _layers = [];
    private readonly List<BnFinding> _findings = [];
    private readonly List<BnEvaluation> _evaluations = [];

    /// <summary>Objects of Update-BnStat, Merge-BnStat, Compare-BnStat or Test-BnStat -PassThru; with them findings of Test-BnModule, and what Measure-BnAccuracy found.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public PSObject[] InputObject { get; set; } = [];

    /// <summary>The statistics to compare with: a path, or objects of Get-BnModule or Update-BnStat.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CompareSet)]
    [ValidateNotNullOrEmpty]
    public object[] Reference { get; set; } = [];

    /// <summary>The statistics that are compared: a path, or objects of Get-BnModule or Update-BnStat.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CompareSet)]
    [ValidateNotNullOrEmpty]
    public object[] Difference { get; set; } = [];

    /// <summary>Which program of the files is meant, where torch.export has put several into them; layers say it themselves.</summary>
    [Parameter(ParameterSetName = CompareSet), ValidateNotNullOrEmpty, ArgumentCompleter(typeof(ProgramCompleter))]
    public string? Program { get; set; }

    /// <summary>Findings of Test-BnModule. Without any, those that the statistics themselves show are reported.</summary>
    [Parameter, ValidateNotNull]
    public PSObject[] Finding { get; set; } = [];

    /// <summary>The heading. Without it, it names the model.</summary>
    [Parameter, ValidateNotNullOrEmpty]
    public string? Title { get; set; }

    /// <summary>A page, or the plot of the drift alone. Without it, the extension of the file decides.</summary>
    [Parameter]
    [ValidateNotNull]
    public BnReportFormat? Format { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        Format = Require(() => BnReport.FormatOf(Path, Format));
        if (Format != BnReportFormat.Html)
            RefuseWithoutEffect("on a plot of the drift, which has neither heading nor findings", "Leave it out, or write a page (.html).", nameof(Title), nameof(Finding));
        RequireDestination(Path, Force);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var item in InputObject)
        {
            var restored = Require(() => ReceivedObjects.Restore(item));
            if (restored is BnFinding finding)
                _findings.Add(finding);
            else if (restored is BnEvaluation evaluation)
                _evaluations.Add(evaluation);
            else
                _layers.Add(Require(() => ToComparison(restored)));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => ForEachItem(() =>
    {
        if (StatisticsSources.AreRead([.. Reference, .. Difference]))
            RefuseProgram();
        if (ParameterSetName == CompareSet)
            _layers.AddRange(BnComparer.Match(StatisticsSources.Read(this, Reference, Program), StatisticsSources.Read(this, Difference, Program)).Select(BnComparer.Compare));
        _findings.AddRange(Finding.Select(ToFinding));
        var path = PathResolver.ResolveLiteral(this, Path);
        if (WasGivenNothing(_layers.Count + _evaluations.Count, path))
            return;
        if (!ShouldProcess(path, $"Export a report on {_layers.Count} BatchNorm layers"))
            return;
        var findings = _findings.Count > 0 ? _findings : BnExaminer.Examine(_layers).Select(finding => finding.InWordsOfCmdlets()).ToList();
        BnReport.Write(path, _layers, findings, Title ?? DefaultTitle(), Format!.Value, Force, _evaluations);
        TellOfFile(path, $"A report on {_layers.Count} layers, with {findings.Count} findings, was written");
    });

    private string DefaultTitle() => $"BatchNorm statistics of {System.IO.Path.GetFileName(_layers.Select(layer => layer.Path).FirstOrDefault(path => path is not null)) ?? "a model in memory"}";

    private static BnFinding ToFinding(PSObject item) => ReceivedObjects.Restore(item) is var restored && restored is BnFinding finding ? finding : throw NotAFinding(restored);

    private static BnComparison ToComparison(object item) => item switch
    {
        BnComparison comparison => comparison,
        BnStat stat => BnComparer.CompareWithPrevious(stat),
        _ => throw NotReportable(item),
    };

    private static PreciseBnException NotAFinding(object item) => new(
        "NotReportable", ErrorKind.InvalidArgument, $"An object of the type {item.GetType().Name} is no finding.", "Give what Test-BnModule -PassThru returns.", item);

    private static PreciseBnException NotReportable(object item) => new(
        "NotReportable", ErrorKind.InvalidArgument, $"An object of the type {item.GetType().Name} has nothing that a report could compare.",
        "Give objects of Update-BnStat, Merge-BnStat, Compare-BnStat or Test-BnStat -PassThru, or files with -Reference and -Difference.", item);
}
