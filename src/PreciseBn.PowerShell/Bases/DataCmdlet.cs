using System.Management.Automation;
using PreciseBn.Batches;
using PreciseBn.Data;

namespace PreciseBn.PowerShell;

/// <summary>What all cmdlets share that measure BatchNorm layers on data.</summary>
public abstract class DataCmdlet : RunCmdlet
{
    /// <summary>
    /// Number of batches to use, of all shards together, or with -Tolerance the most. Without it all the data are used, up to 200
    /// batches.
    /// </summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Iterations { get; set; }

    /// <summary>
    /// Ends early, after 10 batches at least, when the standard errors of all means (in deviations) and of the logarithms of
    /// all variances are below this, with 95 % confidence. Hardly ever is a statistic further off than four times this.
    /// </summary>
    [Parameter]
    [ValidateRange(1e-9, 10.0)]
    public double? Tolerance { get; set; }

    /// <summary>
    /// In which order the values of images lie in memory while the model runs. Most convolutional models are faster on CPUs with the
    /// channels last, and run so by themselves.
    /// </summary>
    [Parameter]
    public MemoryFormat MemoryFormat { get; set; }

    /// <summary>
    /// Lets convolutions and matrix products on NVIDIA cards be rounded to TF32, a format of three decimal digits, where the session and
    /// the model allow it. On CPUs it changes nothing.
    /// </summary>
    [Parameter]
    public SwitchParameter AllowTf32 { get; set; }

    /// <summary>The parameters that only matter where something is measured.</summary>
    private protected virtual IEnumerable<string> ParametersOfMeasuring =>
        [nameof(Iterations), nameof(Tolerance), nameof(MemoryFormat), nameof(Threads), nameof(AllowTf32), nameof(Device), nameof(InputKey), nameof(AllowOperator), nameof(Method), nameof(Argument)];

    /// <summary>Whether a model is run at all.</summary>
    private protected virtual bool RunsModels => true;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (!RunsModels)
            RefuseWithoutEffect("without -Data, as no model is run then", "Leave it out, or give -Data.", ParametersOfMeasuring);
    }

    /// <summary>Options with all parameters.</summary>
    private protected virtual T Fill<T>(T options)
        where T : RunOptions => FillCall(options) with
        {
            Iterations = Iterations,
            Tolerance = Tolerance,
            AllowTf32 = AllowTf32,
            MemoryFormat = MemoryFormat,
        };

    /// <summary>Tells what was measured: how many layers of which model, on which data, and why no more of them.</summary>
    private protected void TellOfMeasurement(BnResult result, IBatchSource batches, string model)
    {
        var all = batches.BatchCount is { } count && count > result.Batches + result.SkippedBatches ? $" of {count}" : "";
        var data = batches is BnDataLoader loader ? $" ({loader.Plan})" : "";
        WriteVerbose($"Measured {result.Layers.Count} layers of {model} on {result.Batches}{all} batches{data}, stopped by {result.StoppedBy}.");
    }

    /// <summary>Warns of layers that no batch reached, of batches and of files that were left out.</summary>
    private protected void WarnOfOmissions(BnResult result, IBatchSource batches, string model)
    {
        const double MostSkipped = 0.01;
        foreach (var name in result.Unreached)
            WriteWarning($"No batch reached the layer '{name}' of {model}; its statistics are what they were.");
        var skipped = result.SkippedBatches;
        if (skipped > MostSkipped * (skipped + result.Batches))
            WriteWarning($"{skipped} batches with NaN or infinity were left out of the statistics of {model}.");
        if (result.IsOrdered)
            WriteWarning("Successive batches are alike: the data have an order, so that a part of them does not stand for all. Shuffle them with New-BnDataLoader -Order Shuffled.");
        WarnOfOtherScale(result, model);
        if (result.StoppedBy == StopReason.Iterations && Iterations is null && !(batches.BatchCount <= result.Batches + result.SkippedBatches) && batches is not BnDataLoader { Order: DataOrder.Shuffled })
            WriteWarning($"The first {result.Batches + result.SkippedBatches} batches were used for {model}, and no others. More are used with -Iterations.");
        WarnOfItemsLeftOut(result.ItemsLeftOut, model);
        WarnOfUnreadable(batches);
    }

    /// <summary>Warns of data that are plainly not prepared as those of the training.</summary>
    private protected void WarnOfOtherScale(BnResult result, string model)
    {
        if (result is { IsScaledOtherwise: true, InputScale: { } scale })
            WriteWarning(FormattableString.Invariant($"The data look scaled differently from those of the training of {model}: their numbers have the mean {scale.Mean:0.##} and the deviation {scale.Deviation:0.##}, and its first layer moves far. Normalise them as in training, with -Mean and -StandardDeviation of New-BnDataLoader."));
    }
}
