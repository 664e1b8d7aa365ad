using System.Text;
using PreciseBn.Files;
using PreciseBn.Formats;

namespace PreciseBn.Models.Exported;

/// <summary>
/// The newer layout, which PyTorch 2.14 writes (torch/export/pt2_archive): programs in <c>models/</c>, tensors
/// in entries of their own below <c>data/</c>, or at first in one file of torch.save there.
/// </summary>
internal static class PackageLayout
{
    private const string FormatFile = "archive_format";
    private const string CompiledFolder = "data/aotinductor/";
    private const int LongestWord = 100;

    public static ExportedArchive? TryRead(ZipContents zip)
    {
        var format = zip.Entries.Keys.FirstOrDefault(name => name.EndsWith("/" + FormatFile, StringComparison.Ordinal)) ?? FormatFile;
        var root = format[..^FormatFile.Length];
        var programs = zip.Entries.Values.Where(entry => entry.Name.StartsWith($"{root}models/", StringComparison.Ordinal)
            && entry.Name.EndsWith(".json", StringComparison.Ordinal)).ToArray();
        if (programs.Length == 0 && zip.Entries.Keys.Any(name => name.StartsWith(root + CompiledFolder, StringComparison.Ordinal)))
            throw ExportedErrors.AheadOfTime(zip.File.Path);
        if (programs.Length == 0 || !zip.Entries.ContainsKey(format))
            return null;
        if (programs.Length > 1)
            throw ExportedErrors.SeveralPrograms(zip.File.Path, programs.Select(program => Path.GetFileNameWithoutExtension(program.Name)).ToArray());
        RefuseBigEndian(zip, root);
        var name = Path.GetFileNameWithoutExtension(programs[0].Name);
        var (weights, constants) = ($"{root}data/weights/", $"{root}data/constants/");
        return ExportedArchive.Read(zip, programs[0],
            ExportedTensors.InPickle(zip, $"{weights}{name}.pt"), ExportedTensors.InPickle(zip, $"{constants}{name}.pt"),
            ExportedTensors.InEntries(zip, weights, $"{name}_weights_config.json"),
            ExportedTensors.InEntries(zip, constants, $"{name}_constants_config.json"));
    }

    private static void RefuseBigEndian(ZipContents zip, string root)
    {
        if (zip.Entries.TryGetValue(root + "byteorder", out var entry)
            && Encoding.UTF8.GetString(zip.ReadAll(entry, LongestWord)).Trim() is var order && order != "little")
            throw FileErrors.ByteOrder(zip.File.Path, order);
    }
}
