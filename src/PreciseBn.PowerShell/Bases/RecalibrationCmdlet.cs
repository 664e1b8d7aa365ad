using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>A cmdlet that makes statistics of data and writes them into models, or copies of them: how they are made, and where they go.</summary>
public abstract class RecalibrationCmdlet : ModelCmdlet
{
    /// <summary>How many values the statistics from before count as, in a mixture with the new ones.</summary>
    [Parameter]
    [ValidateRange(0.0, double.MaxValue)]
    public double PriorWeight { get; set; }

    /// <summary>Measures each layer with those before it normalised by their final statistics; other models than exported programs take a pass over the data for each.</summary>
    [Parameter]
    public SwitchParameter Exact { get; set; }

    /// <summary>How many bytes of what -Exact keeps between layers may be in memory; the rest is in a temporary file. Without it, a quarter of the memory there is.</summary>
    [Parameter]
    [ValidateRange(0L, long.MaxValue)]
    public long? ActivationMemory { get; set; }

    /// <summary>Keeps how precise the statistics were after 1, 2, 4, 8 batches and so on, for Export-BnReport.</summary>
    [Parameter]
    public SwitchParameter RecordConvergence { get; set; }

    /// <summary>File, or folder for several models, to write to. Without it the models themselves are changed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>Keeps what is replaced, with .bak, or the first free of .bak.1, .bak.2 and so on, appended to its name.</summary>
    [Parameter]
    public SwitchParameter Backup { get; set; }

    /// <summary>Replaces a file that is already at the destination; and changes a model where it is although the data look scaled differently from those of its training.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override IEnumerable<string> ParametersOfMeasuring =>
        [.. base.ParametersOfMeasuring, nameof(Estimator), nameof(PriorWeight), nameof(Exact), nameof(ActivationMemory), nameof(RecordConvergence), nameof(Program)];

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (!Exact)
            RefuseWithoutEffect("without -Exact, which alone keeps something in it", "Leave it out, or use -Exact.", nameof(ActivationMemory));
        // What stands before it in the pipeline measures, if no data are given here.
        if (Data is null && Destination is not null && !Require(() => Directory.Exists(PathResolver.ResolveLiteral(this, Destination))))
            RequireDestination(Destination, Force);
    }

    /// <summary>Options with all parameters.</summary>
    private protected MeasureOptions Options() => Fill(new MeasureOptions()) with
    {
        Estimators = Estimator.Distinct().ToArray(),
        PriorWeight = PriorWeight,
        Exact = Exact,
        ActivationMemory = ActivationMemory,
        RecordConvergence = RecordConvergence,
    };

    /// <summary>Where the result of each model goes; that none replaces another, or what is to stay, is made sure of.</summary>
    private protected UpdateDestination DestinationsOf(IReadOnlyList<BnModel> models) =>
        Require(() => new UpdateDestination(this, Destination, models.Count > 1).RequireFree(models, Force || IsWhatIf));

    /// <summary>Where the result of a single model goes.</summary>
    private protected string DestinationOf(string model) => new UpdateDestination(this, Destination, hasSeveralModels: false).For(model);

    /// <summary>Makes sure that a copy is not named as a file of another kind.</summary>
    private protected static void RequireEnding(string? destination, BnModel model)
    {
        if (destination is not null && model.Path is { } path)
            BnDestination.RequireEndingOfModel(destination, path);
    }

    /// <summary>How a model is written to a destination, or without one changed where it is.</summary>
    private protected SaveOptions Saving(string? destination) => new() { Destination = destination, Force = Force, Backup = Backup };

    /// <summary>Tells of what was written.</summary>
    private protected void TellOfResult(int layers, string place, string when = "") => WriteVerbose(
        $"The statistics of {layers} layers were written into {place}{when}{(Backup ? "; a backup keeps what was replaced" : "")}.");
}
