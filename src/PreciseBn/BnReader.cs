using PreciseBn.Models;
using PreciseBn.Models.Live;
using static TorchSharp.torch;

namespace PreciseBn;

/// <summary>Lists the BatchNorm layers of models.</summary>
public static class BnReader
{
    /// <summary>Reads the layers of a saved model. This needs no libtorch and executes nothing that is in the file.</summary>
    /// <param name="path">A file that was saved with torch.jit.save.</param>
    /// <exception cref="PreciseBnException">The file is missing, damaged or of another kind.</exception>
    public static ModelSummary ReadFile(string path)
    {
        using var file = ModelFile.Open(Path.GetFullPath(path));
        return new ModelSummary(file.Path, file.Layers.Select(layer => layer.Module).ToArray(), file.UntrackedLayers, file.Describe());
    }

    /// <summary>Reads the layers of a TorchSharp model in memory.</summary>
    /// <param name="model">A model built in C# or PowerShell; not a TorchScript module.</param>
    public static IReadOnlyList<BnModule> ReadModel(nn.Module model) => LiveModelReader.ReadLayers(model);
}
