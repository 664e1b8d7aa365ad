using System.Management.Automation;
using PreciseBn.PowerShell.Completion;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.PowerShell;

/// <summary>Lists the BatchNorm layers of saved models, or of a TorchSharp model in memory.</summary>
[Cmdlet(VerbsCommon.Get, "BnModule", HelpUri = HelpPages.Folder + "Get-BnModule.md", DefaultParameterSetName = PathSet)]
[OutputType(typeof(BnModule))]
public sealed class GetBnModuleCommand : PreciseBnCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string ModelSet = "Model";

    /// <summary>Paths of saved models; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Paths of saved models, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>A TorchSharp model in memory.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ModelSet)]
    [ValidateNotNull]
    public nn.Module? Model { get; set; }

    /// <summary>Names of layers; wildcards are allowed. By default all are listed.</summary>
    [Parameter(Position = 1)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(LayerNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Lists only layers that were saved in this mode.</summary>
    [Parameter]
    public BnMode Mode { get; set; } = BnMode.Any;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        ForEachFile(Path, LiteralPath, List);
        if (Model is not null)
            ForEachItem(() => WriteLayers(BnModel.Of(Model).Layers, "the model"));
    }

    private void List(string path)
    {
        using var model = BnModel.Open(path);
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
        foreach (var name in Name.Where(name => !WildcardPattern.ContainsWildcardCharacters(name)))
        {
            if (!layers.Any(layer => Matches(layer, name)))
                WriteError(NoSuchLayer(name, where).ToErrorRecord());
        }
        var chosen = layers.Where(layer => Name.Any(name => Matches(layer, name)) && HasMode(layer)).ToArray();
        if (chosen.Length == 0 && Name.All(WildcardPattern.ContainsWildcardCharacters))
            WriteWarning($"None of the {layers.Count} BatchNorm layers of {where} matches -Name {string.Join(", ", Name)}{(Mode == BnMode.Any ? "" : $" and -Mode {Mode}")}.");
        WriteObject(chosen, enumerateCollection: true);
    }

    private bool HasMode(BnModule layer) => Mode == BnMode.Any || layer.Training == (Mode == BnMode.Training);

    private static bool Matches(BnModule layer, string name) =>
        layer.Aliases.Prepend(layer.Name).Any(WildcardPattern.Get(name, WildcardOptions.IgnoreCase).IsMatch);

    private static PreciseBnException NoSuchLayer(string name, string where) => new(
        "LayerNotFound", ErrorKind.NotFound, $"There is no BatchNorm layer '{name}' in {where}.",
        "List the layers with Get-BnModule without -Name.", name);
}
