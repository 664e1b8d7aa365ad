using System.Text.Json;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Checkpoints;

/// <summary>
/// Several files with an index, as Hugging Face writes it (<c>model.safetensors.index.json</c>, <c>pytorch_model.bin.index.json</c>),
/// whose <c>weight_map</c> says which tensor is in which file.
/// </summary>
internal sealed class CheckpointIndex
{
    public const string Ending = ".index.json";

    private const int LargestIndex = 64 << 20;

    private readonly Dictionary<string, string> _fileOfTensor;

    private CheckpointIndex(string path, Dictionary<string, string> fileOfTensor, IReadOnlyList<SourceFile> files)
    {
        Path = path;
        Files = files;
        _fileOfTensor = fileOfTensor;
    }

    public string Path { get; }

    public IReadOnlyList<SourceFile> Files { get; }

    /// <summary>Opens an index with its files.</summary>
    /// <exception cref="PreciseBnException">The index is damaged, a file that it names is missing or damaged, or they do not belong together.</exception>
    public static CheckpointFile Open(string path)
    {
        var files = new List<SourceFile>();
        try
        {
            var fileOfTensor = ReadMap(path);
            foreach (var name in fileOfTensor.Values.Distinct())
                files.Add(SourceFile.Open(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, name)));
            SeveralReplacements.RequireFinished(path, files.Select(file => file.Path));
            return CheckpointFile.OfIndex(new CheckpointIndex(path, fileOfTensor, files));
        }
        catch
        {
            foreach (var file in files)
                file.Dispose();
            throw;
        }
    }

    /// <summary>The tensors of all files, each from the file that the index names for it.</summary>
    /// <exception cref="PreciseBnException">A file is damaged, or lacks statistics that the index says it has.</exception>
    public IEnumerable<NamedTensor> Tensors()
    {
        var tensors = Files.SelectMany(file => TensorsOf(file)
            .Where(tensor => !_fileOfTensor.TryGetValue(tensor.Name, out var name) || name == System.IO.Path.GetFileName(file.Path))).ToArray();
        var missing = _fileOfTensor.Keys.Where(name => BufferLayers.OtherStatistic(name) is not null)
            .Except(tensors.Select(tensor => tensor.Name)).FirstOrDefault();
        return missing is null
            ? tensors
            : throw FileErrors.Damaged(Path, $"it says that '{missing}' is in '{_fileOfTensor[missing]}', where it is not");
    }

    private static IEnumerable<NamedTensor> TensorsOf(SourceFile file)
    {
        if (ZipContents.TryOpen(file, 0, file.Length) is { } zip)
            return NamedTensor.InTorch(TorchArchive.TryRead(zip) ?? throw ModelFormat.Explain(zip));
        return SafetensorsHeader.IsAtStart(file) ? NamedTensor.InSafetensors(file) : throw ModelFormat.Explain(file);
    }

    private static Dictionary<string, string> ReadMap(string path)
    {
        using var file = SourceFile.Open(path);
        if (file.Length > LargestIndex)
            throw FileErrors.LimitExceeded(path, $"an index of {file.Length} bytes");
        try
        {
            using var json = JsonDocument.Parse(file.Read(0, (int)file.Length));
            var map = new Dictionary<string, string>();
            foreach (var item in json.RootElement.GetProperty("weight_map").EnumerateObject())
                map[item.Name] = FileName(path, item.Value.GetString());
            return map.Count > 0 ? map : throw FileErrors.Damaged(path, "its weight_map names no tensors");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw FileErrors.Damaged(path, "it is no index of files with tensors: it has no weight_map that gives each tensor the name of a file");
        }
    }

    private static string FileName(string path, string? name) => !string.IsNullOrEmpty(name) && name == System.IO.Path.GetFileName(name)
        ? name
        : throw FileErrors.Damaged(path, "its weight_map does not name files beside it");
}
