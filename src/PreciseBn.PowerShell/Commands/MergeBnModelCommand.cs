using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>
/// Averages the weights of several files of one model into a new file. It takes all of them or, after the first error, writes nothing.
/// </summary>
[Cmdlet(VerbsData.Merge, "BnModel", HelpUri = HelpPages.Folder + "Merge-BnModel.md", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(BnModule))]
public sealed class MergeBnModelCommand : WritingCmdlet
{
    private const string PathDecaySet = "PathDecay";
    private const string LiteralPathDecaySet = "LiteralPathDecay";

    private readonly FileSequence _given = new();

    /// <summary>Files of one model, in their order; those that a wildcard stands for in the natural order of their paths.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathDecaySet, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Files of one model, in their order, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathDecaySet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>File to write to, which is none of those that are averaged.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>What each file counts for, in the order of the files. Without it all count the same.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateNotNullOrEmpty]
    public double[] Weight { get; set; } = [];

    /// <summary>Makes an exponential moving average: with each file it becomes this times the average so far, and the rest of 1 times the file.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathDecaySet)]
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathDecaySet)]
    public double Decay { get; set; }

    private AverageOptions Options => new()
    {
        Weights = Weight.Length > 0 ? Weight : null,
        Decay = MyInvocation.BoundParameters.ContainsKey(nameof(Decay)) ? Decay : null,
        Force = Force,
        Backup = Backup,
    };

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _ = Require(() => Options);
        RequireDestination(Destination, Force);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Require(() => _given.Add(this, Path, LiteralPath));

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var files = _given.Files;
        var destination = Require(() => PathResolver.ResolveLiteral(this, Destination));
        if (WasGivenNothing(files.Count, destination))
            return;
        var shares = Require(() => BnAverager.Shares(files, Options));
        if (MyInvocation.ExpectingInput && _given.IsOrderedByLetters)
            WriteWarning($"The files came in the order of letters, so that '{files[^1]}' is the last. A wildcard for -Path takes them in the order of their numbers.");
        foreach (var (index, file) in files.Index())
            WriteVerbose(FormattableString.Invariant($"{index + 1}. '{file}' counts for {shares[index]:0.####}."));
        Require(() => BnDestination.RequireEndingOfModel(destination, files[^1]));
        if (!ShouldProcess(destination, $"Average the weights of {files.Count} files"))
            return;
        WarnOfOtherNames(destination);
        using var progress = new AveragingProgress(this);
        var average = RequireUnlessStopped(() => BnAverager.Average(files, destination, Options, progress, StopToken));
        Tell(average, $"'{average.Path}'", $"'{files[^1]}'");
        WriteObject(average.Layers, enumerateCollection: true);
    }

    private void Tell(BnAverage average, string name, string last)
    {
        WriteVerbose($"{average.Tensors} tensors were averaged into {name}; all else is as in {last}.");
        foreach (var call in average.UnaccountedCalls)
            WriteWarning($"{name}: {call}");
        if (average.LeftOut.Count > 0)
            WriteWarning($"Not averaged but as in {last}, as they are in no state_dict: {string.Join(", ", average.LeftOut)}.");
        if (average.Layers.Count == 0)
        {
            WriteWarning($"{name} has no BatchNorm layer with tracked statistics, so that there are none to recompute.");
            return;
        }
        var stale = $"The statistics of the {average.Layers.Count} BatchNorm layers of {name} are those of {last}, not of the averaged weights: recompute them with Update-BnStat.";
        // What stands behind it in the pipeline does that.
        if (MyInvocation.PipelinePosition < MyInvocation.PipelineLength)
            WriteVerbose(stale);
        else
            WriteWarning(stale);
    }
}
