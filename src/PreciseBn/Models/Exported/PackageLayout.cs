using System.Text;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Exported;

/// <summary>
/// The newer layout, which PyTorch 2.14 writes (torch/export/pt2_archive): programs in <c>models/</c>, tensors
/// in entries of their own below <c>data/</c>, or at first in one file of torch.save there.
/// </summary>
internal static class PackageLayout
{
    private const string FormatFile = "archive_format";
    private const string CompiledFolder = "data/aotinductor/";
    private const string ProgramFolder = "models/";
    private const string ProgramEnding = ".json";
    private const int LongestWord = 100;

    /// <param name="zip">The archive.</param>
    /// <param name="program">Name of the program that is meant; <c>null</c> where there is one only.</param>
    /// <returns>The program, or <c>null</c> where the zip is of another kind.</returns>
    /// <exception cref="PreciseBnException">It has no such program, or several and none is named; or it cannot be read.</exception>
    public static ExportedArchive? TryRead(ZipContents zip, string? program)
    {
        var root = RootOf(zip);
        var names = NamesOf(zip);
        if (names.Count == 0 && zip.Entries.Keys.Any(name => name.StartsWith(root + CompiledFolder, StringComparison.Ordinal)))
            throw ExportedErrors.AheadOfTime(zip.File.Path);
        if (names.Count == 0 || !zip.Entries.ContainsKey(root + FormatFile))
            return null;
        var name = names.Count == 1 ? names[0] : program ?? throw ModelErrors.SeveralPrograms(zip.File.Path, names);
        if (!zip.Entries.TryGetValue(EntryOf(root, name), out var entry))
            throw ModelErrors.ProgramNotFound(zip.File.Path, name, names);
        RefuseBigEndian(zip, root);
        return new ExportedArchive(zip.File, ExportedJson.Read(zip, entry), TensorsOf(zip, root, name))
        {
            Package = new ProgramPackage(names, name, other => TensorsOf(zip, root, other)),
        };
    }

    /// <summary>Names of the programs in an archive, in its order; none where it is of another kind.</summary>
    public static IReadOnlyList<string> NamesOf(ZipContents zip)
    {
        var folder = RootOf(zip) + ProgramFolder;
        return zip.Entries.Keys.Where(name => name.StartsWith(folder, StringComparison.Ordinal) && name.EndsWith(ProgramEnding, StringComparison.Ordinal)
            && name.Length > folder.Length + ProgramEnding.Length).Select(name => name[folder.Length..^ProgramEnding.Length]).ToArray();
    }

    private static string RootOf(ZipContents zip) =>
        zip.Entries.Keys.FirstOrDefault(name => name.EndsWith("/" + FormatFile, StringComparison.Ordinal)) is { } format ? format[..^FormatFile.Length] : "";

    private static string EntryOf(string root, string program) => root + ProgramFolder + program + ProgramEnding;

    private static Dictionary<string, ArchivedTensor> TensorsOf(ZipContents zip, string root, string program)
    {
        var (weights, constants) = ($"{root}data/weights/", $"{root}data/constants/");
        return ExportedArchive.ByName(
            ExportedTensors.InPickle(zip, $"{weights}{program}.pt"), ExportedTensors.InPickle(zip, $"{constants}{program}.pt"),
            ExportedTensors.InEntries(zip, weights, $"{program}_weights_config.json"),
            ExportedTensors.InEntries(zip, constants, $"{program}_constants_config.json"));
    }

    private static void RefuseBigEndian(ZipContents zip, string root)
    {
        if (zip.Entries.TryGetValue(root + "byteorder", out var entry)
            && Encoding.UTF8.GetString(zip.ReadAll(entry, LongestWord)).Trim() is var order && order != "little")
            throw FileErrors.ByteOrder(zip.File.Path, order);
    }
}
