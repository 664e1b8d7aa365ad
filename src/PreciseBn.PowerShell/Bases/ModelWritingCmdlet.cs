using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>A cmdlet that runs models on data and writes what it finds into them, or into copies of them.</summary>
public abstract class ModelWritingCmdlet : ModelCmdlet
{
    /// <summary>File, or folder for several models, to write to. Without it the models themselves are changed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>Keeps what is replaced, with .bak, or the first free of .bak.1, .bak.2 and so on, appended to its name.</summary>
    [Parameter]
    public SwitchParameter Backup { get; set; }

    /// <summary>Replaces a file that is already at the destination; and changes a model where it is although the data look otherwise scaled than those of its training.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        // What stands before it in the pipeline measures, if no data are given here.
        if (Data is null && Destination is not null && !Require(() => Directory.Exists(PathResolver.ResolveLiteral(this, Destination))))
            RequireDestination(Destination, Force);
    }

    /// <summary>Where the result of each model goes; that none replaces another, or what is to stay, is made sure of.</summary>
    private protected UpdateDestination DestinationsOf(IReadOnlyList<BnModel> models) =>
        Require(() => new UpdateDestination(this, Destination, models.Count > 1).RequireFree(models, Force || IsWhatIf));

    /// <summary>Where the result of a single model goes.</summary>
    private protected string DestinationOf(string model) => new UpdateDestination(this, Destination, hasSeveralModels: false).For(model);

    /// <summary>How a model is written to a destination, or without one changed where it is.</summary>
    private protected SaveOptions Saving(string? destination) => new() { Destination = destination, Force = Force, Backup = Backup };

    /// <summary>Tells of what was written.</summary>
    private protected void TellOfResult(int layers, string place, string when = "") => WriteVerbose(
        $"The statistics of {layers} layers were written into {place}{when}{(Backup ? "; a backup keeps what was replaced" : "")}.");
}
