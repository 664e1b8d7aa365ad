using System.Management.Automation;
using PreciseBn.Batches;

namespace PreciseBn.PowerShell;

/// <summary>Tells whether all is right with the BatchNorm layers of a model, as far as the file shows it, or some data.</summary>
[Cmdlet(VerbsDiagnostic.Test, "BnModule", HelpUri = HelpPages.Folder + "Test-BnModule.md", DefaultParameterSetName = PathSet)]
[OutputType(typeof(bool), typeof(BnFinding))]
public sealed class TestBnModuleCommand : DataCmdlet
{
    private readonly List<BnModule> _layers = [];
    private bool _hasErrors;
    private bool _hasLooked;
    private IBatchSource? _batches;

    /// <summary>Paths of saved models; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Paths of saved models, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Layers from Get-BnModule.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public BnModule[] InputObject { get; set; } = [];

    /// <summary>Data to run, for findings that the statistics alone do not show.</summary>
    [Parameter]
    [ValidateNotNull]
    public object? Data { get; set; }

    /// <summary>Returns what was found, rather than whether none of it is of severity Error.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override bool RunsModels => Data is not null;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _batches = Data is null ? null : ToBatches(Data);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InputObject.Length > 0)
            RefuseProgram();
        _layers.AddRange(InputObject);
        _hasLooked |= InputObject.Length > 0;
        foreach (var finding in InputObject.SelectMany(BnExaminer.Examine))
            Report(finding);
        ForEachFile(Path, LiteralPath, file =>
        {
            using var model = BnModel.Open(file, Program);
            WriteVerbose($"'{file}' has {model.Layers.Count} BatchNorm layers with tracked statistics.");
            _layers.AddRange(model.Layers);
            _hasLooked = true;
            foreach (var finding in model.Diagnose())
                Report(finding);
        });
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_batches is { } batches)
        {
            var options = Fill(new MeasureOptions()) with { AllowReuse = true, SkipNonFinite = true };
            foreach (var model in BnModel.Of(_layers))
            {
                ForEachItem(() =>
                {
                    using var opened = model;
                    using var progress = new UpdateProgress(this, $"Testing {ShortNameOf(model)}");
                    var result = model.Measure(batches, options, progress, StopToken);
                    TellOfMeasurement(result, batches, NameOf(model));
                    foreach (var finding in BnExaminer.Examine(result))
                        Report(finding);
                });
            }
        }
        // Of nothing it cannot be said that it is good.
        if (!PassThru)
            WriteObject(_hasLooked && !_hasErrors);
    }

    /// <inheritdoc/>
    protected override void OnItemFailed() => _hasErrors = true;

    private void Report(BnFinding finding)
    {
        _hasErrors |= finding.Severity == FindingSeverity.Error;
        if (PassThru)
            WriteObject(finding.InWordsOfCmdlets());
        else
            WriteVerbose($"{finding}");
    }
}
