using System.Management.Automation;
using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.PowerShell.Completion;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>
/// Measures which part of labelled data models put into the right class, as they are, and whether one is better than another; or, without
/// labels, what their statistics change in their outputs.
/// </summary>
[Cmdlet(VerbsDiagnostic.Measure, "BnAccuracy", HelpUri = HelpPages.Folder + "Measure-BnAccuracy.md", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(BnAccuracy), typeof(BnAgreement))]
public sealed class MeasureBnAccuracyCommand : EvaluationCmdlet
{
    private IBatchSource? _batches;

    /// <summary>
    /// Which array of a file, column of a table, or entry of a batch (of a tuple by its index) has the labels. Loaders that were made
    /// with -LabelKey, and folders of images with a folder for each class, know it.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ArrayKeyCompleter))]
    public string? LabelKey { get; set; }

    /// <summary>Which tensor of what a model returns has the scores: a key of a dictionary, or an index of a tuple.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutputKey { get; set; }

    /// <summary>
    /// What is measured in place of accuracy: a script that gets what the model returns for a batch and its labels, as tensors, and returns a
    /// number, or one for each item. Labels are not needed then.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    public ScriptBlock? Metric { get; set; }

    /// <summary>
    /// Measures in place of accuracy how far the outputs with the statistics that a model has are from those with the statistics of each
    /// batch. Labels are not needed.
    /// </summary>
    [Parameter]
    public SwitchParameter Agreement { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Agreement)
            RefuseWithoutEffect("with -Agreement, which compares a model with itself", "Leave it out.", nameof(LabelKey), nameof(Metric));
        _batches = LabelledBatches();
    }

    private protected override void Evaluate()
    {
        using var progress = new UpdateProgress(this, Agreement ? "Agreement" : "Accuracy");
        IReadOnlyList<BnEvaluation> results = Agreement ? MeasureAgreement(progress) : MeasureAccuracy(progress);
        foreach (var result in results)
            TellOf(result);
        WarnOfUnreadable(_batches);
        WriteObject(results.Select(result => result with { Command = Command }), enumerateCollection: true);
    }

    private IReadOnlyList<BnAccuracy> MeasureAccuracy(UpdateProgress progress) => BnEvaluator.Measure(
        Models, _batches!, FillCall(new AccuracyOptions { OutputKey = OutputKey, Metric = Metric is null ? null : ScriptMetric.Create(Metric) }), OnFailed, progress, StopToken);

    private IReadOnlyList<BnAgreement> MeasureAgreement(UpdateProgress progress)
    {
        foreach (var model in Models)
            WarnOfUnaccountedCalls(model);
        return BnEvaluator.MeasureAgreement(Models, _batches!, FillCall(new AgreementOptions { OutputKey = OutputKey }), OnFailed, progress, StopToken);
    }

    private void OnFailed(BnModel model, PreciseBnException failure) => WriteError(failure.ToErrorRecord());

    private IBatchSource LabelledBatches()
    {
        var isLabelled = !Agreement && (Metric is null || LabelKey is not null);
        if (PowerShellData.PathOf(Data) is { } path)
            return Require(() => Open(path, new() { Keys = InputKey, IsLabelled = isLabelled, LabelKey = LabelKey }));
        RefuseInputKey(Data);
        if (PowerShellData.Unwrap(Data) is IBatchSource and not BnDataLoader)
            RefuseWithoutEffect("on a source of batches of your own, which gives labels itself", "Leave it out.", nameof(LabelKey));
        return PowerShellData.Unwrap(Data) switch
        {
            BnDataLoader { Options.IsLabelled: true } loader when LabelKey is null || LabelKey == loader.Options.LabelKey => loader,
            BnDataLoader loader when isLabelled => Require(() => Keep(loader.WithLabels(LabelKey))),
            _ => Require(() => PowerShellData.ToBatches(Data, InputKey, LabelKey)),
        };
    }

    private void TellOf(BnEvaluation result)
    {
        WriteVerbose($"{result}, on {result.Device}.");
        if (result is BnAccuracy { AreProbabilities: true })
            WriteWarning($"What '{result.Name}' returns are probabilities, so that its loss is their negative logarithm, not the cross-entropy of logits.");
        if (result is BnAgreement agreement)
            WarnOfItemsLeftOut(agreement.ItemsLeftOut, $"'{result.Name}'");
    }
}
