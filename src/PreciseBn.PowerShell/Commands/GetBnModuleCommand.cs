using System.Management.Automation;
using PreciseBn.PowerShell.Completion;
using static TorchSharp.torch;

namespace PreciseBn.PowerShell;

/// <summary>Lists the BatchNorm layers of saved models, or of a TorchSharp model in memory.</summary>
[Cmdlet(VerbsCommon.Get, "BnModule", HelpUri = HelpPages.Folder + "Get-BnModule.md", DefaultParameterSetName = PathSet)]
[OutputType(typeof(BnModule))]
public sealed class GetBnModuleCommand : PathCmdlet
{
    private const string ModelSet = "Model";

    /// <summary>A TorchSharp model in memory.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ModelSet)]
    [ValidateNotNull]
    public nn.Module? Model { get; set; }

    /// <summary>Names of layers; wildcards are allowed. By default all are listed.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(LayerNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Lists only layers that were saved in this mode.</summary>
    [Parameter]
    public BnMode Mode { get; set; } = BnMode.Any;

    /// <summary>Which program is meant, of a file in which torch.export has put several.</summary>
    [Parameter(ParameterSetName = PathSet), Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProgramCompleter))]
    public string? Program { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        ForEachFile(Path, LiteralPath, List);
        if (Model is not null)
            ForEachItem(() => List(Model));
    }

    private void List(nn.Module live)
    {
        using var model = BnModel.Of(live);
        var layers = model.Layers;
        foreach (var call in model.UnaccountedCalls)
            WriteWarning($"the model: {call}");
        WriteLayers(layers, "the model");
    }

    private void List(string path)
    {
        using var model = BnModel.Open(path, Program);
        WriteVerbose($"'{path}' has {model.Layers.Count} BatchNorm layers with tracked statistics.");
        foreach (var call in model.UnaccountedCalls)
            WriteWarning($"'{path}': {call}");
        if (model.Layers.Count == 0)
            WriteWarning($"'{path}' has no BatchNorm layer with tracked statistics; it {model.Contents}.");
        else
            WriteLayers(model.Layers, $"'{path}'");
    }

    private void WriteLayers(IReadOnlyList<BnModule> layers, string where)
    {
        var names = new LayerSelection(Name);
        names.TellOfMissing(this, layers, where);
        var named = layers.Where(names.Have).ToArray();
        var chosen = named.Where(HasMode).ToArray();
        if (chosen.Length == 0 && named.Length > 0)
            WriteWarning($"None of the {named.Length} BatchNorm layers of {where} was saved in the mode {Mode}.");
        WriteObject(chosen, enumerateCollection: true);
    }

    private bool HasMode(BnModule layer) => Mode == BnMode.Any || layer.Training == (Mode == BnMode.Training);
}
