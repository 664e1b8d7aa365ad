using System.Collections;
using System.Management.Automation;
using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.PowerShell.Completion;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>What all cmdlets share that run models on data.</summary>
public abstract class RunCmdlet : PreciseBnCmdlet
{
    private BnDataLoader? _opened;

    /// <summary>Where the model runs: cpu, cuda, or cuda:1.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public string? Device { get; set; }

    /// <summary>
    /// Which entries of a batch that is a dictionary (or, by index, a tuple), or which arrays of a file, are the inputs of the
    /// model, in that order.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ArrayKeyCompleter))]
    public string[] InputKey { get; set; } = [];

    /// <summary>Operators that the code of the model may call although they do more than compute, such as from_file. Others are refused.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] AllowOperator { get; set; } = [];

    /// <summary>The method of a TorchScript model that is run.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Method { get; set; } = "forward";

    /// <summary>Which program is meant, of a file in which torch.export has put several; layers say it themselves.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProgramCompleter))]
    public string? Program { get; set; }

    /// <summary>What parameters of a TorchScript model get in every batch, by their names: numbers, texts, truth values and lists of these.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable Argument { get; set; } = [];

    /// <summary>On how many threads libtorch computes. Without it on those that are set, and no more than there are processors to use.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Threads { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        // What is wrong with them is said before what stands before the cmdlet in the pipeline has begun.
        _ = Require(() => FillCall(new AgreementOptions()));
    }

    /// <summary>Options with the parameters above.</summary>
    private protected T FillCall<T>(T options)
        where T : CallOptions => options with
        {
            Device = Device,
            AllowedOperators = AllowOperator,
            Threads = Threads,
            Method = Method,
            Arguments = Argument.Cast<DictionaryEntry>().ToDictionary(entry => $"{entry.Key}", entry => PowerShellData.Unwrap(entry.Value)),
        };

    /// <summary>Whatever was given as data, as a source of batches. A path is read as New-BnDataLoader reads it by default.</summary>
    private protected IBatchSource ToBatches(object data)
    {
        if (PowerShellData.PathOf(data) is { } path)
            return Require(() => Open(path, new() { Keys = InputKey }));
        RefuseInputKey(data);
        return Require(() => PowerShellData.ToBatches(data, InputKey));
    }

    /// <summary>Opens a path as New-BnDataLoader does, until the cmdlet has ended.</summary>
    private protected BnDataLoader Open(string path, BnDataLoaderOptions options)
    {
        var files = PathResolver.Resolve(this, path);
        if (files.All(Directory.Exists))
            RefuseWithoutEffect(OnFolders, "Leave it out.", nameof(InputKey));
        var loader = Keep(BnDataLoader.FromFiles(files, options));
        WriteVerbose($"'{path}' is read as New-BnDataLoader does by default: {loader.Plan}, uint8 divided by 255 and nothing else.");
        return loader;
    }

    /// <summary>Disposes of a loader when the cmdlet has ended.</summary>
    private protected BnDataLoader Keep(BnDataLoader loader) => _opened = loader;

    /// <summary>Refuses -InputKey for a loader, which gives what it was made for.</summary>
    private protected void RefuseInputKey(object data)
    {
        if (PowerShellData.Unwrap(data) is IBatchSource)
            RefuseWithoutEffect("on a loader, which gives what it was made for", "Choose the arrays with -Key of New-BnDataLoader.", nameof(InputKey));
    }

    /// <summary>What models are called that have no path.</summary>
    private protected const string InMemory = "the model in memory";

    /// <summary>What a model is called in messages.</summary>
    private protected static string NameOf(BnModel model) =>
        model.Path is not { } path ? InMemory : model.Program is { } program ? $"'{path}' (program '{program}')" : $"'{path}'";

    /// <summary>What a model is called where there is little room.</summary>
    private protected static string ShortNameOf(BnModel model) => System.IO.Path.GetFileName(model.Path) ?? InMemory;

    /// <summary>Warns of calls of batch_norm whose statistics are of no layer that is known.</summary>
    private protected void WarnOfUnaccountedCalls(BnModel model)
    {
        foreach (var call in model.UnaccountedCalls)
            WriteWarning($"{NameOf(model)}: {call}");
    }

    /// <summary>Warns of items at the end of the data that no batch was made of.</summary>
    private protected void WarnOfItemsLeftOut(long items, string model)
    {
        if (items > 0)
            WriteWarning($"The last {items} items were left out: the batch that they make is too small for {model}.");
    }

    /// <summary>Warns of image files that were left out, as they could not be read.</summary>
    private protected void WarnOfUnreadable(IBatchSource? batches)
    {
        if (batches is BnDataLoader { Skipped: > 0 } loader)
            WriteWarning($"{loader.Skipped} image files or folders could not be read and were left out.");
    }

    /// <summary>Takes the model, or the layer, that an object from the pipeline stands for.</summary>
    /// <param name="item">A layer, a path with wildcards, or a file.</param>
    /// <param name="onLayer">What to do with a layer.</param>
    /// <param name="onFile">What to do with the path of a file.</param>
    private protected void TakeModel(object item, Action<BnModule> onLayer, Action<string> onFile)
    {
        switch (ReceivedObjects.Restore(item))
        {
            case BnModule layer:
                RefuseProgram();
                onLayer(layer);
                break;
            case string path:
                ForEachFile([path], [], onFile);
                break;
            case FileInfo file:
                onFile(file.FullName);
                break;
            case var other:
                throw NotAModel(PSObject.AsPSObject(item), other);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _opened?.Dispose();
        base.Dispose(disposing);
    }

    private static PreciseBnException NotAModel(PSObject item, object restored) => new(
        "NotAModelOrLayer", ErrorKind.InvalidArgument, $"An object of type {PowerShellData.TypeName(item)} is neither a layer nor the path of a model.",
        restored switch
        {
            PartialBnStat => "Merge partial statistics with Merge-BnStat first.",
            BnStat => "Update-BnStat writes statistics of Merge-BnStat without -Data, and Set-BnStat any into another file.",
            _ => "Give layers of Get-BnModule, which takes TorchSharp models too, or paths.",
        }, item);
}
