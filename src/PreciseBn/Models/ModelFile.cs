using PreciseBn.Archives;
using PreciseBn.Models.TorchScript;
using static TorchSharp.torch;

namespace PreciseBn.Models;

/// <summary>A file with BatchNorm layers, open for reading. Reading it needs no libtorch and executes nothing.</summary>
internal abstract class ModelFile(SourceFile file, IReadOnlyList<StoredLayer> layers) : IDisposable
{
    public SourceFile File { get; } = file;

    public IReadOnlyList<StoredLayer> Layers { get; } = layers;

    /// <summary>What the file holds, as the end of a sentence that begins with its name; for when it has no BatchNorm.</summary>
    public abstract string Describe();

    /// <summary>Loads the model into libtorch so that the layers can be observed.</summary>
    /// <exception cref="PreciseBnException">It cannot run here.</exception>
    public abstract IObservedModel Load(IReadOnlyList<StoredLayer> layers, Device device);

    /// <exception cref="PreciseBnException">It cannot be read, is damaged, or is no model.</exception>
    public static ModelFile Open(string path)
    {
        var file = SourceFile.Open(path);
        try
        {
            if (ZipContents.TryOpen(file, 0, file.Length) is not { } zip)
                throw ModelFormat.Explain(file);
            if (TorchArchive.TryRead(zip) is not { } archive)
                throw ModelErrors.OtherArchive(path);
            if (!archive.HasCode)
                throw ModelErrors.NoCode(path);
            return new TorchScriptFile(archive);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => File.Dispose();
}
