using System.Diagnostics;
using System.Management.Automation;
using PreciseBn.Data;
using PreciseBn.Recalibration;

namespace PreciseBn.PowerShell;

/// <summary>Recomputes the statistics of BatchNorm layers from data, with the weights fixed.</summary>
[Cmdlet(VerbsData.Update, "BnStat", SupportsShouldProcess = true)]
[OutputType(typeof(BnStat))]
public sealed class UpdateBnStatCommand : PreciseBnCmdlet
{
    private readonly List<BnModule> _layers = [];

    /// <summary>The layers to recompute, from Get-BnModule. Other layers stay as they are.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public BnModule[] InputObject { get; set; } = [];

    /// <summary>A loader from New-BnDataLoader, or anything that yields tensors, arrays, tuples or dictionaries of them.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNull]
    public object Data { get; set; } = null!;

    /// <summary>Number of batches to use. Without it all the data are used, up to 200 batches.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Iterations { get; set; }

    /// <summary>How the variance is estimated.</summary>
    [Parameter]
    public Estimator Estimator { get; set; } = Estimator.PopulationVariance;

    /// <summary>File, or folder for several models, to write to. Without it the models themselves are changed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>Keeps what is replaced, with .bak appended to its name.</summary>
    [Parameter]
    public SwitchParameter Backup { get; set; }

    /// <summary>Replaces a file that is already at the destination.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Where the model runs: cpu, cuda, or cuda:1.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Device { get; set; }

    /// <summary>Which entries of a batch that is a dictionary (or, by index, a tuple) are the inputs of the model, in that order.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] InputKey { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() => _layers.AddRange(InputObject);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var models = BnUpdater.GroupByModel(_layers).ToArray();
        var destinations = Require(() => new UpdateDestination(this, Destination, models.Length > 1));
        var batches = PowerShellData.ToBatches(Data, InputKey);
        foreach (var model in models)
            ForEachItem(() => UpdateModel(model, batches, destinations));
    }

    private void UpdateModel(IReadOnlyList<BnModule> layers, IBatchSource batches, UpdateDestination destinations)
    {
        var path = layers[0].Path;
        var destination = path is null ? null : destinations.For(path);
        var name = destination ?? "the model in memory";
        if (!ShouldProcess(name, $"Recompute the statistics of {layers.Count} BatchNorm layers"))
            return;
        var clock = Stopwatch.StartNew();
        var options = new BnUpdateOptions
        {
            Recalibration = new RecalibrationOptions { Iterations = Iterations, Estimator = Estimator },
            Device = Device,
            Destination = destination,
            Force = Force,
            Backup = Backup,
        };
        using var progress = new UpdateProgress(this, $"BatchNorm statistics of {System.IO.Path.GetFileName(path) ?? "the model in memory"}");
        var stats = BnUpdater.Update(layers, batches, options, progress, StopToken);
        WriteVerbose($"Recomputed {stats.Count} layers of {Path(path)} in {clock.Elapsed.TotalSeconds:0.0} s; the result is in {name}.");
        foreach (var unused in stats.Where(stat => stat.Batches == 0))
            WriteWarning($"No batch reached the layer '{unused.Name}' of {Path(path)}; its statistics are what they were.");
        if (batches is BnDataLoader { Skipped: > 0 } loader)
            WriteWarning($"{loader.Skipped} image files could not be read and were left out.");
        WriteObject(stats, enumerateCollection: true);
    }

    private static string Path(string? path) => path is null ? "the model in memory" : $"'{path}'";
}
