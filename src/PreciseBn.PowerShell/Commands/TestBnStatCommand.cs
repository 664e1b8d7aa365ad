using System.Management.Automation;
using PreciseBn.PowerShell.Completion;

namespace PreciseBn.PowerShell;

/// <summary>Tells whether statistics have moved from those of a reference by more than is allowed, sampling error apart.</summary>
[Cmdlet(VerbsDiagnostic.Test, "BnStat", HelpUri = HelpPages.Folder + "Test-BnStat.md", DefaultParameterSetName = DifferenceSet)]
[OutputType(typeof(bool), typeof(BnVerdict))]
public sealed class TestBnStatCommand : MeasuringCmdlet
{
    private const string DataSet = "Data";
    private const string DifferenceSet = "Difference";

    private readonly List<ILayerStatistics> _difference = [];
    private bool _hasFiles;

    /// <summary>The statistics to compare with: a path, or objects of Get-BnModule, Update-BnStat or Import-BnStat.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("ReferenceObject")]
    [ValidateNotNullOrEmpty]
    public object[] Reference { get; set; } = [];

    /// <summary>The statistics that are judged: a path, or objects of Get-BnModule, Update-BnStat or Import-BnStat.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = DifferenceSet, ValueFromPipeline = true)]
    [Alias("DifferenceObject")]
    [ValidateNotNullOrEmpty]
    public object[] Difference { get; set; } = [];

    /// <summary>Data that the model of the reference is run on; the statistics that they give are judged.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DataSet), ValidateNotNull]
    public object Data { get; set; } = null!;

    /// <summary>Names of layers, as the reference has them; wildcards are allowed. By default all are judged.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(LayerNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>The largest change of a channel's mean that is allowed, in deviations.</summary>
    [Parameter]
    [ValidateRange(0.0, double.PositiveInfinity)]
    public double MeanShift { get; set; } = new BnThresholds().MeanShift;

    /// <summary>The largest ratio of a channel's variances that is allowed.</summary>
    [Parameter]
    [ValidateRange(1.0, double.PositiveInfinity)]
    public double VarianceRatio { get; set; } = new BnThresholds().VarianceRatio;

    /// <summary>The largest divergence that is allowed, in nats, as the mean over the channels of a layer.</summary>
    [Parameter]
    [ValidateRange(0.0, double.PositiveInfinity)]
    public double Divergence { get; set; } = new BnThresholds().Divergence;

    /// <summary>Returns a comparison of each layer with its verdict, rather than one for all.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override bool RunsModels => ParameterSetName == DataSet;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _hasFiles |= !Require(() => StatisticsSources.AreRead([.. Reference, .. Difference]));
        _difference.AddRange(Require(() => StatisticsSources.Read(this, Difference, Program)));
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => ForEachItem(() =>
    {
        if (!_hasFiles)
            RefuseProgram();
        var names = new LayerSelection(Name);
        IReadOnlyList<ILayerStatistics> reference = StatisticsSources.Read(this, Reference, Program);
        IReadOnlyList<ILayerStatistics> difference = _difference;
        if (RunsModels)
        {
            names.TellOfMissing(this, reference, "the reference");
            reference = reference.Where(names.Have).ToArray();
            difference = reference.Count > 0 ? Measure(reference) : [];
        }
        else
        {
            var pairs = names.Choose(this, BnComparer.Match(reference, difference));
            reference = pairs.Select(pair => pair.Reference).OfType<ILayerStatistics>().ToArray();
            difference = pairs.Select(pair => pair.Difference).OfType<ILayerStatistics>().ToArray();
        }
        // That there are no layers of these names has been told.
        if (reference.Count + difference.Count == 0 && MyInvocation.BoundParameters.ContainsKey(nameof(Name)))
            return;
        var verdicts = BnGate.Judge(reference, difference, new BnThresholds { MeanShift = MeanShift, VarianceRatio = VarianceRatio, Divergence = Divergence });
        foreach (var verdict in verdicts.Where(verdict => !verdict.Passed))
            WriteVerbose($"'{verdict.Name}' does not pass. {verdict.Reason}");
        WarnOfNoise(verdicts);
        WriteObject(PassThru ? verdicts.Select(verdict => verdict with { Command = Command }) : verdicts.All(verdict => verdict.Passed), enumerateCollection: true);
    });

    private IReadOnlyList<ILayerStatistics> Measure(IReadOnlyList<ILayerStatistics> reference)
    {
        using var model = StatisticsSources.FindModel(reference);
        WarnOfUnaccountedCalls(model);
        var (batches, name) = (ToBatches(Data), ShortNameOf(model));
        using var progress = new UpdateProgress(this, $"Measuring {name}");
        var result = model.Measure(batches, Fill(new MeasureOptions()), progress, StopToken);
        TellOfMeasurement(result, batches, name);
        WarnOfOmissions(result, batches, name);
        return result.Statistics;
    }

    private void WarnOfNoise(IReadOnlyList<BnVerdict> verdicts)
    {
        var open = verdicts.Where(verdict => !verdict.IsConclusive).ToArray();
        if (open.MaxBy(verdict => verdict.MeanShiftNoise) is { } mean && mean.MeanShiftNoise > MeanShift)
            WriteWarning($"The sample is small: in '{mean.Name}' a mean can move by {MeanShift + mean.MeanShiftNoise:0.00} deviations unnoticed. More batches narrow this.");
        else if (open.MaxBy(verdict => verdict.VarianceRatioNoise) is { } variance)
            WriteWarning($"The sample is small: in '{variance.Name}' a variance can change by a factor of {VarianceRatio * variance.VarianceRatioNoise:0.00} unnoticed. More batches narrow this.");
    }
}
