using System.Management.Automation;
using PreciseBn.Data;
using PreciseBn.Data.Tables;
using PreciseBn.PowerShell.Completion;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>Makes a loader that reads batches from files of arrays, folders of images, or tensors in memory.</summary>
[Cmdlet(VerbsCommon.New, "BnDataLoader", HelpUri = HelpPages.Folder + "New-BnDataLoader.md", DefaultParameterSetName = PathSet)]
[OutputType(typeof(BnDataLoader))]
public sealed class NewBnDataLoaderCommand : BatchCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string InputObjectSet = "InputObject";

    private readonly List<object> _objects = [];
    private readonly List<string> _paths = [];

    /// <summary>Files of arrays or tables, of which several make one data set, or folders of images; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Files or folders, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Tensors or arrays of numbers: one for each input of the model, or with -AsBatches one a batch.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public object? InputObject { get; set; }

    /// <summary>Names of the arrays to use, one for each input of the model, in that order.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ArrayKeyCompleter))]
    public string[] Key { get; set; } = [];

    /// <summary>
    /// Which array, or column of a table, has the labels of the items, for Measure-BnAccuracy; of arrays in memory the position, from 0.
    /// No model gets them.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ArrayKeyCompleter))]
    public string? LabelKey { get; set; }

    /// <summary>Columns of a table to use, in that order; wildcards are allowed. Without it all that have numbers are used.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ColumnCompleter))]
    public string[] Column { get; set; } = [];

    /// <summary>Columns of a table that are not used, such as labels; wildcards are allowed.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ColumnCompleter))]
    public string[] ExcludeColumn { get; set; } = [];

    /// <summary>What is between the cells of a CSV table. Without it this is found out.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    public char? Delimiter { get; set; }

    /// <summary>Length in pixels to which the short side of an image is resized.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateRange(1, 65536)]
    public int? Size { get; set; }

    /// <summary>Side in pixels of the square that is cut from the centre of an image.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateRange(1, 65536)]
    public int? CropSize { get; set; }

    /// <summary>Makes images of one channel, for greyscale models.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    public SwitchParameter Grayscale { get; set; }

    /// <summary>Turns images as their EXIF orientation says.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    public SwitchParameter AutoOrient { get; set; }

    /// <summary>Leaves out image files that cannot be read, and counts them.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    public SwitchParameter SkipUnreadable { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InputObject is not null)
            Collect(InputObject);
        foreach (var path in Path)
            _paths.AddRange(Require(() => PathResolver.Resolve(this, path)));
        foreach (var path in LiteralPath)
            _paths.Add(Require(() => PathResolver.ResolveLiteral(this, path)));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (MyInvocation.BoundParameters.ContainsKey(nameof(Seed)) && !BatchOptions().IsShuffled)
            ThrowTerminatingError(SeedWithoutEffect().ToErrorRecord());
        var loader = Require(() => _paths.Count > 0 && _objects.Count > 0 ? throw MixedInput() : _paths.Count > 0
            ? BnDataLoader.FromFiles(_paths, Options())
            : BnDataLoader.FromObjects(_objects, Options()));
        WriteVerbose($"{loader}: {loader.BatchCount} batches.");
        if (loader.Columns.Count > 0)
            WriteVerbose($"The columns that are used: {string.Join(", ", loader.Columns)}.");
        WriteObject(loader, enumerateCollection: false);
    }

    private BnDataLoaderOptions Options() => BatchOptions() with
    {
        Keys = Key,
        LabelKey = LabelKey,
        Columns = Array.ConvertAll(Column, ToPattern),
        ExcludeColumns = Array.ConvertAll(ExcludeColumn, ToPattern),
        Delimiter = Delimiter,
        Size = Size,
        CropSize = CropSize,
        Grayscale = Grayscale,
        AutoOrient = AutoOrient,
        SkipUnreadable = SkipUnreadable,
    };

    // What comes from Get-ChildItem stands for what is in the files.
    private void Collect(object input)
    {
        foreach (var value in PowerShellData.Flatten(input))
        {
            if (value is FileSystemInfo item)
                _paths.Add(item.FullName);
            else
                _objects.Add(value);
        }
    }

    private static ColumnPattern ToPattern(string text) => new(text, WildcardPattern.Get(text, WildcardOptions.IgnoreCase).IsMatch);

    private static PreciseBnException SeedWithoutEffect() => new(
        "OptionWithoutEffect", ErrorKind.InvalidArgument, "-Seed has no effect on items that are taken as they lie.", "Leave it out, or use -Order Shuffled.");

    private static PreciseBnException MixedInput() => new(
        "MixedInput", ErrorKind.InvalidArgument, "Files and tensors cannot be mixed.", "Make one loader for each.");
}
