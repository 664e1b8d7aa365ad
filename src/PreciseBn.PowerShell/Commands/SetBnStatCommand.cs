using System.Collections;
using System.Management.Automation;
using PreciseBn.PowerShell.Completion;

namespace PreciseBn.PowerShell;

/// <summary>Puts statistics into another file that has the same layers: a checkpoint, safetensors, a TorchScript model.</summary>
[Cmdlet(VerbsCommon.Set, "BnStat", HelpUri = HelpPages.Folder + "Set-BnStat.md", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(BnModule))]
public sealed class SetBnStatCommand : WritingCmdlet
{
    private const string FromSet = "From";

    private readonly List<ILayerStatistics> _statistics = [];

    /// <summary>The file to change.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Which program of that file is changed, where torch.export has put several into it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProgramCompleter))]
    public string? Program { get; set; }

    /// <summary>Statistics from Update-BnStat, Get-BnModule or Import-BnStat.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public PSObject[] InputObject { get; set; } = [];

    /// <summary>A file whose statistics are taken.</summary>
    [Parameter(Mandatory = true, ParameterSetName = FromSet)]
    [ValidateNotNullOrEmpty]
    public string From { get; set; } = "";

    /// <summary>What names have in front in the file and not among the statistics, or the other way round.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? Prefix { get; set; }

    /// <summary>Names of layers that differ otherwise: those of the statistics, and what they are in the file; patterns are allowed.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable Map { get; set; } = [];

    /// <summary>Allows that layers are left over on either side.</summary>
    [Parameter]
    public SwitchParameter AllowPartial { get; set; }

    /// <summary>File to write to. Without it the file itself is changed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>Returns the layers that were changed, as they are in the file now.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        // What stands before it in the pipeline may measure for hours.
        if (!MyInvocation.ExpectingInput)
            return;
        Require(() => Open(PathResolver.ResolveLiteral(this, Path), Destination is null ? null : PathResolver.ResolveOutput(this, Destination)).Dispose());
        RequireDestination(Destination ?? Path, Force || Destination is null);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _statistics.AddRange(Require(() => Array.ConvertAll(InputObject, StatisticsSources.Layer)));

    /// <inheritdoc/>
    protected override void EndProcessing() => ForEachItem(() =>
    {
        var path = PathResolver.ResolveLiteral(this, Path);
        if (ParameterSetName == FromSet)
            _statistics.AddRange(StatisticsSources.ReadModel(PathResolver.ResolveLiteral(this, From)));
        if (WasGivenNothing(_statistics.Count, path))
            return;
        var match = new MatchOptions
        {
            Prefix = Prefix,
            Map = Map.Cast<DictionaryEntry>().ToDictionary(entry => $"{entry.Key}", entry => $"{entry.Value}"),
            AllowPartial = AllowPartial,
        };
        var save = new SaveOptions
        {
            Destination = Destination is null ? null : PathResolver.ResolveOutput(this, Destination),
            Force = Force,
            Backup = Backup,
        };
        using var model = Open(path, save.Destination);
        if (!ShouldProcess(save.Destination ?? path, $"Set the statistics of {_statistics.Count} BatchNorm layers"))
            return;
        WarnOfSharedStatistics(model);
        WarnOfOtherNames(save.Destination ?? path);
        var changed = model.Apply(_statistics, match, save, StopToken);
        WriteVerbose($"Set the statistics of {changed.Count} layers; the result is in '{save.Destination ?? path}'{(Backup ? ", and a backup keeps what was replaced" : "")}.");
        if (PassThru)
            WriteObject(changed, enumerateCollection: true);
    });

    private BnModel Open(string path, string? destination)
    {
        if (destination is not null)
            BnDestination.RequireEndingOfModel(destination, path);
        return BnModel.Open(path, Program);
    }
}
