using System.Management.Automation;
using PreciseBn.Data;
using PreciseBn.PowerShell.Completion;

namespace PreciseBn.PowerShell;

/// <summary>Makes a loader that reads batches from files of arrays, folders of images, or tensors in memory.</summary>
[Cmdlet(VerbsCommon.New, "BnDataLoader", DefaultParameterSetName = PathSet)]
[OutputType(typeof(BnDataLoader))]
public sealed class NewBnDataLoaderCommand : PreciseBnCmdlet
{
    private const string PathSet = "Path";
    private const string InputObjectSet = "InputObject";

    private readonly List<object> _objects = [];
    private readonly List<string> _paths = [];

    /// <summary>Files (.npy, .npz, .safetensors) or folders of images; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Tensors or arrays of numbers: one for each input of the model, or with -AsBatches one a batch.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public object? InputObject { get; set; }

    /// <summary>Names of the arrays to use, one for each input of the model, in that order.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ArrayKeyCompleter))]
    public string[] Key { get; set; } = [];

    /// <summary>Items in a batch; if not given 32, or as many as an exported program accepts.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? BatchSize { get; set; }

    /// <summary>Puts the items in a random order, the same one each time the data are read.</summary>
    [Parameter]
    public SwitchParameter Shuffle { get; set; }

    /// <summary>Seed of the random order.</summary>
    [Parameter]
    public int? Seed { get; set; }

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
    public ImageLayout? Layout { get; set; }

    /// <summary>What is subtracted from each channel, after division of uint8 by 255.</summary>
    [Parameter]
    public double[] Mean { get; set; } = [];

    /// <summary>What each channel is then divided by.</summary>
    [Parameter]
    [Alias("Std")]
    public double[] StandardDeviation { get; set; } = [];

    /// <summary>Length in pixels to which the short side of an image is resized.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [ValidateRange(1, 65536)]
    public int? Size { get; set; }

    /// <summary>Side in pixels of the square that is cut from the centre of an image.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [ValidateRange(1, 65536)]
    public int? CropSize { get; set; }

    /// <summary>How many batches are prepared at a time while the model runs.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int? Workers { get; set; }

    /// <summary>Leaves out image files that cannot be read, and counts them.</summary>
    [Parameter(ParameterSetName = PathSet)]
    public SwitchParameter SkipUnreadable { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InputObject is not null)
            _objects.AddRange(PowerShellData.Flatten(InputObject));
        foreach (var path in Path)
            _paths.AddRange(Require(() => PathResolver.Resolve(this, path)));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var loader = Require(() => ParameterSetName == PathSet
            ? BnDataLoader.FromFiles(_paths, Options())
            : BnDataLoader.FromObjects(_objects, Options()));
        WriteVerbose($"{loader.Count} items in {loader.BatchCount} batches{(Shuffle ? $", shuffled with the seed {loader.Seed}" : "")}.");
        WriteObject(loader, enumerateCollection: false);
    }

    private BnDataLoaderOptions Options() => new()
    {
        Keys = Key,
        BatchSize = BatchSize,
        Shuffle = Shuffle,
        Seed = Seed,
        Take = Take,
        DropLast = DropLast,
        AsBatches = AsBatches,
        Layout = Layout,
        Mean = Mean,
        StandardDeviation = StandardDeviation,
        Size = Size,
        CropSize = CropSize,
        Workers = Workers,
        SkipUnreadable = SkipUnreadable,
    };
}
