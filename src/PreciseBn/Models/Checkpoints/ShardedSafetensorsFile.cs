using System.Text.Json;
using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.Checkpoints;

/// <summary>
/// Several safetensors files with an index, <c>model.safetensors.index.json</c>, whose <c>weight_map</c> says which tensor is
/// in which file.
/// </summary>
internal sealed class ShardedSafetensorsFile : ModelFile
{
    public const string Ending = ".index.json";

    private const int LargestIndex = 64 << 20;

    private ShardedSafetensorsFile(string path, IReadOnlyList<SourceFile> files)
        : base(path, files, BufferLayers.Find(path, files.Sum(file => file.Length), files.SelectMany(SafetensorsFile.Tensors)))
    {
    }

    public override string Describe() => "is an index of safetensors files in which no running_mean has a running_var beside it";

    public override IObservedModel Load(IReadOnlyList<StoredLayer> layers, ObservationRules rules, Device device) =>
        throw ModelErrors.NoCodeToRun(Path);

    /// <exception cref="PreciseBnException">The index is damaged, or a file that it names is missing or damaged.</exception>
    public static new ShardedSafetensorsFile Open(string path)
    {
        var files = new List<SourceFile>();
        try
        {
            foreach (var name in ReadIndex(path))
                files.Add(SourceFile.Open(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, name)));
            return new ShardedSafetensorsFile(path, files);
        }
        catch
        {
            foreach (var file in files)
                file.Dispose();
            throw;
        }
    }

    private static string[] ReadIndex(string path)
    {
        using var file = SourceFile.Open(path);
        if (file.Length > LargestIndex)
            throw FileErrors.LimitExceeded(path, $"an index of {file.Length} bytes");
        try
        {
            using var json = JsonDocument.Parse(file.Read(0, (int)file.Length));
            var names = json.RootElement.GetProperty("weight_map").EnumerateObject()
                .Select(item => item.Value.GetString()!).Distinct().ToArray();
            return names.Length > 0 && names.All(name => name == System.IO.Path.GetFileName(name))
                ? names
                : throw FileErrors.Damaged(path, "its weight_map does not name files beside it");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw FileErrors.Damaged(path, "it is no index of safetensors files");
        }
    }
}
