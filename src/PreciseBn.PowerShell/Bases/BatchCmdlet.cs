using System.Management.Automation;
using PreciseBn.Data;

namespace PreciseBn.PowerShell;

/// <summary>A cmdlet that makes batches: the parameters that are the same for files, images and tensors.</summary>
public abstract class BatchCmdlet : PathCmdlet
{
    /// <summary>What is done to each batch before the model gets it; the batch is $_ and the first argument.</summary>
    [Parameter]
    [ValidateNotNull]
    public ScriptBlock? Transform { get; set; }

    /// <summary>Items in a batch; if not given 32, or as many as an exported program accepts.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? BatchSize { get; set; }

    /// <summary>
    /// In which order the items are taken. Without it they are shuffled, the same way each time, so that a part of them stands for all;
    /// arrays that are batches already are taken as they lie.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    public DataOrder? Order { get; set; }

    /// <summary>Seed of the random order.</summary>
    [Parameter]
    public int Seed { get; set; }

    /// <summary>The most items to use.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long? Take { get; set; }

    /// <summary>Leaves out a last batch that is not full.</summary>
    [Parameter]
    public SwitchParameter DropLast { get; set; }

    /// <summary>Each array is a batch already, in the natural order of their names.</summary>
    [Parameter]
    public SwitchParameter AsBatches { get; set; }

    /// <summary>Order of the dimensions of stored images.</summary>
    [Parameter]
    [ValidateNotNull]
    public ImageLayout? Layout { get; set; }

    /// <summary>What is subtracted from each channel, after division of uint8 by 255.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public double[] Mean { get; set; } = [];

    /// <summary>What each channel is then divided by.</summary>
    [Parameter]
    [Alias("Std")]
    [ValidateNotNullOrEmpty]
    public double[] StandardDeviation { get; set; } = [];

    /// <summary>Gives integers to the model as they are, rather than divide uint8 by 255 and make float32 of the others.</summary>
    [Parameter]
    public SwitchParameter KeepInteger { get; set; }

    /// <summary>How many batches are prepared at a time while the model runs.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int? Workers { get; set; }

    /// <summary>What they say.</summary>
    private protected BnDataLoaderOptions BatchOptions() => new()
    {
        Transform = Transform is null ? null : ScriptTransform.Create(Transform),
        BatchSize = BatchSize,
        Order = Order,
        Seed = Seed,
        Take = Take,
        DropLast = DropLast,
        AsBatches = AsBatches,
        Layout = Layout,
        Mean = Mean,
        StandardDeviation = StandardDeviation,
        KeepIntegers = KeepInteger,
        Workers = Workers,
    };
}
