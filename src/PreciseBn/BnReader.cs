using PreciseBn.Models;
using PreciseBn.Models.Live;
using PreciseBn.Primitives;
using PreciseBn.Recalibration;
using static TorchSharp.torch;

namespace PreciseBn;

/// <summary>Lists the BatchNorm layers of models.</summary>
public static class BnReader
{
    /// <summary>Reads the layers of a saved model. This needs no libtorch and executes nothing that is in the file.</summary>
    /// <param name="path">A TorchScript model, an exported program, a checkpoint of torch.save, or safetensors.</param>
    /// <exception cref="PreciseBnException">The file is missing, damaged or of another kind.</exception>
    public static ModelSummary ReadFile(string path)
    {
        using var file = ModelFile.Open(Path.GetFullPath(path));
        return new ModelSummary(file.Path, file.Layers.Select(layer => layer.Module).ToArray(), file.UntrackedLayers, file.Describe());
    }

    /// <summary>Reads the layers of a TorchSharp model in memory.</summary>
    /// <param name="model">A model built in C# or PowerShell; not a TorchScript module.</param>
    public static IReadOnlyList<BnModule> ReadModel(nn.Module model) => LiveModelReader.ReadLayers(model);

    /// <summary>Finds the layers that statistics are of, in the file that these name or as they are in memory.</summary>
    /// <param name="statistics">Objects of <see cref="BnModule"/> or <see cref="BnStat"/>.</param>
    /// <exception cref="PreciseBnException">They name no file, or it cannot be read or has no such layer.</exception>
    public static IReadOnlyList<BnModule> FindLayers(IReadOnlyList<ILayerStatistics> statistics)
    {
        var read = statistics.OfType<BnStat>().Select(stat => stat.Path).OfType<string>().Distinct()
            .ToDictionary(path => path, path => ReadFile(path).Layers);
        return statistics.Select(layer => layer switch
        {
            BnModule module => module,
            BnStat { Path: { } path } => read[path].FirstOrDefault(module => module.Name == layer.Name)
                ?? throw RecalibrationErrors.LayerNotFound(path, layer.Name),
            _ => throw ModelErrors.NoModel(layer.Name),
        }).ToArray();
    }
}
