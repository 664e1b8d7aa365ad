using System.Management.Automation;
using PreciseBn.Data;
using PreciseBn.PowerShell.Completion;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>Makes a loader that reads batches from files of arrays, folders of images, or tensors in memory.</summary>
[Cmdlet(VerbsCommon.New, "BnDataLoader", HelpUri = HelpPages.Folder + "New-BnDataLoader.md", DefaultParameterSetName = PathSet)]
[OutputType(typeof(BnDataLoader))]
public sealed class NewBnDataLoaderCommand : FileBatchCmdlet
{
    private readonly List<object> _objects = [];
    private readonly List<string> _paths = [];

    /// <summary>Tensors or arrays of numbers: one for each input of the model, or with -AsBatches one a batch.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public object? InputObject { get; set; }

    /// <summary>
    /// Which array, or column of a table, has the labels of the items, for Measure-BnAccuracy; of arrays in memory the position, from 0.
    /// No model gets them.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ArrayKeyCompleter))]
    public string? LabelKey { get; set; }

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
        if (!BatchOptions().IsShuffled)
            RefuseWithoutEffect("on items that are taken as they lie", "Leave it out, or use -Order Shuffled.", nameof(Seed));
        if (AsBatches)
            RefuseWithoutEffect("with -AsBatches, which leaves batches as they are", "Leave it out.", nameof(BatchSize), nameof(DropLast));
        if (_objects.Count > 0 && _paths.Count == 0)
            RefuseWithoutEffect("on tensors and arrays, each of which is an input", "Leave it out.", nameof(Key), nameof(Column), nameof(ExcludeColumn), nameof(Delimiter));
        if (!_paths.Any(Directory.Exists))
            RefuseWithoutEffect("on data that are no folders of images", "Leave it out.", nameof(Size), nameof(CropSize), nameof(Grayscale), nameof(AutoOrient), nameof(SkipUnreadable));
        else if (_paths.All(Directory.Exists))
            RefuseWithoutEffect(OnFolders, "Leave it out.", nameof(Key), nameof(Column), nameof(ExcludeColumn), nameof(Delimiter), nameof(AsBatches), nameof(Layout), nameof(KeepInteger));
        var loader = Require(() => _paths.Count > 0 && _objects.Count > 0 ? throw MixedInput() : _paths.Count > 0
            ? BnDataLoader.FromFiles(_paths, Options())
            : BnDataLoader.FromObjects(_objects, Options()));
        WriteVerbose($"{loader}: {loader.BatchCount} batches.");
        if (loader.Columns.Count > 0)
            WriteVerbose($"The columns that are used: {string.Join(", ", loader.Columns)}.");
        WriteObject(loader, enumerateCollection: false);
    }

    private BnDataLoaderOptions Options() => FileOptions() with { LabelKey = LabelKey };

    // What comes from Get-ChildItem, or says its path as that does, stands for what is in the files.
    private void Collect(object input)
    {
        if (PowerShellData.Unwrap(PSObject.AsPSObject(input).Properties["PSPath"]?.Value) is string path)
        {
            _paths.Add(Require(() => PathResolver.ResolveLiteral(this, path)));
            return;
        }
        foreach (var value in PowerShellData.Flatten(input))
        {
            if (value is FileSystemInfo item)
                _paths.Add(item.FullName);
            else
                _objects.Add(value);
        }
    }

    private static PreciseBnException MixedInput() => new(
        "MixedInput", ErrorKind.InvalidArgument, "Files and tensors cannot be mixed.", "Make one loader for each.");
}
