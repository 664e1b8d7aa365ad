using System.Text;
using System.Text.Json;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Exported;

/// <summary>What torch.export.save writes: a program as JSON, and tensors.</summary>
/// <param name="File">The file.</param>
/// <param name="Program">The program; its schema is torch/_export/serde/schema.py.</param>
/// <param name="Tensors">Parameters, buffers and constants, by name.</param>
internal sealed record ExportedArchive(SourceFile File, JsonElement Program, IReadOnlyDictionary<string, ArchivedTensor> Tensors)
{
    /// <summary>The package that it is a program of; <c>null</c> in the older layout, which has no names for programs.</summary>
    public ProgramPackage? Package { get; init; }

    /// <param name="zip">The archive.</param>
    /// <param name="program">Name of the program that is meant; <c>null</c> where there is one only.</param>
    /// <returns>The archive, or <c>null</c> where the zip is of another kind.</returns>
    /// <exception cref="PreciseBnException">It holds something that cannot be observed, lacks the program, or is damaged.</exception>
    public static ExportedArchive? TryRead(ZipContents zip, string? program) => TryReadFlat(zip) ?? PackageLayout.TryRead(zip, program);

    /// <summary>Tensors from several places by their names; of one name the first.</summary>
    public static Dictionary<string, ArchivedTensor> ByName(params IEnumerable<KeyValuePair<string, ArchivedTensor>>[] tensors)
    {
        var byName = new Dictionary<string, ArchivedTensor>();
        foreach (var (name, tensor) in tensors.SelectMany(some => some))
            byName.TryAdd(name, tensor);
        return byName;
    }

    // The older layout, which PyTorch 2.6 writes: everything at the top.
    private static ExportedArchive? TryReadFlat(ZipContents zip) =>
        zip.Entries.TryGetValue("serialized_exported_program.json", out var program)
            ? new ExportedArchive(zip.File, ExportedJson.Read(zip, program), ByName(
                ExportedTensors.InPickle(zip, "serialized_state_dict.pt"), ExportedTensors.InPickle(zip, "serialized_constants.pt")))
            : null;
}

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

/// <summary>Finds the parameters, buffers and constants of an exported program in its archive.</summary>
internal static class ExportedTensors
{
    /// <summary>The tensors, by name, of a file of torch.save inside the archive; none if it is not there.</summary>
    public static IEnumerable<KeyValuePair<string, ArchivedTensor>> InPickle(ZipContents zip, string name)
    {
        if (!zip.Entries.TryGetValue(name, out var entry) || entry.Size == 0)
            return [];
        if (!entry.IsStored)
            throw FileErrors.Compressed(zip.File.Path, name);
        var inner = ZipContents.TryOpen(zip.File, entry.DataPosition(zip.File), entry.Size);
        var archive = (inner is null ? null : TorchArchive.TryRead(inner, [entry]))
            ?? throw FileErrors.Damaged(zip.File.Path, $"its entry '{name}' was not written by torch.save");
        return TensorTree.Enumerate(archive.ReadPickle("data.pkl"), zip.File.Path)
            .Select(item => KeyValuePair.Create(item.Name, archive.Find(item.Tensor)));
    }

    /// <summary>The tensors, by name, that have entries of their own in the archive.</summary>
    /// <param name="zip">The archive.</param>
    /// <param name="folder">Folder of these entries.</param>
    /// <param name="config">Name of the entry there that lists them; it may lack.</param>
    public static IEnumerable<KeyValuePair<string, ArchivedTensor>> InEntries(ZipContents zip, string folder, string config) =>
        zip.Entries.TryGetValue(folder + config, out var entry)
            ? ExportedJson.Interpret(zip.File.Path, () => ExportedJson.Read(zip, entry).GetProperty("config").EnumerateObject()
                .Select(item => (item.Name, Tensor: TryRead(zip, folder, item.Value)))
                .Where(item => item.Tensor is not null)
                .Select(item => KeyValuePair.Create(item.Name, item.Tensor!)).ToArray())
            : [];

    // What is pickled is no plain tensor, and no statistics are.
    private static ArchivedTensor? TryRead(ZipContents zip, string folder, JsonElement payload)
    {
        var meta = payload.GetProperty("tensor_meta");
        if (payload.GetProperty("use_pickle").GetBoolean() || meta.ValueKind == JsonValueKind.Null
            || SchemaTypes.ToDType(meta.GetProperty("dtype").GetInt32()) is not { } dtype)
            return null;
        var name = folder + payload.GetProperty("path_name").GetString();
        if (!zip.Entries.TryGetValue(name, out var entry))
            throw FileErrors.Damaged(zip.File.Path, $"it has no entry '{name}'");
        var shape = SchemaTypes.Integers(meta.GetProperty("sizes"));
        var strides = SchemaTypes.Integers(meta.GetProperty("strides"));
        var offset = meta.GetProperty("storage_offset").GetProperty("as_int").GetInt64();
        return shape.Length == strides.Length
            ? new ArchivedTensor(new StoredTensor(dtype, name, offset, shape, strides), zip, entry, [])
            : throw FileErrors.Damaged(zip.File.Path, $"the shape of its entry '{name}' has no strides");
    }
}

/// <summary>A file of programs, of which one was opened: which there are, what the others share with it, and what is theirs alone.</summary>
/// <param name="names">Names of all of them.</param>
/// <param name="name">Name of the one that was opened.</param>
/// <param name="read">Reads which tensors a program has; the program itself is not read.</param>
internal sealed class ProgramPackage(IReadOnlyList<string> names, string name, Func<string, IReadOnlyDictionary<string, ArchivedTensor>> read)
{
    /// <summary>Names of all programs, in the order of the file.</summary>
    public IReadOnlyList<string> Names { get; } = names;

    /// <summary>Name of the one that was opened; <c>null</c> where there is no other.</summary>
    public string? Chosen { get; } = names.Count > 1 ? name : null;

    private IEnumerable<string> Others => Names.Where(other => other != name);

    /// <summary>Which statistics of layers are numbers of other programs, too: a sentence for each layer and program.</summary>
    /// <exception cref="PreciseBnException">A tensor does not lie in the file.</exception>
    public IReadOnlyList<string> FindShared(IReadOnlyCollection<StoredLayer> layers)
    {
        var shared = new List<string>();
        foreach (var other in Others)
        {
            var tensors = read(other).ToLookup(tensor => tensor.Value.Storage.LocalHeaderPosition);
            foreach (var layer in layers)
            {
                var same = new[] { layer.Mean, layer.Variance, layer.BatchesTracked }.OfType<TensorSlot>()
                    .SelectMany(slot => tensors[slot.Containers[0].LocalHeaderPosition].Where(tensor => Overlaps(slot, tensor.Value)))
                    .Select(tensor => tensor.Key).Distinct().ToArray();
                if (same.Length > 0)
                    shared.Add($"the layer '{layer.Module.Name}' shares its statistics with the program '{other}', which has them as {string.Join(", ", same)}. What is written is written for both.");
            }
        }
        return shared;
    }

    /// <summary>The bytes of tensors that are of other programs alone, with the checksums over them, so that this one is the same whatever they are.</summary>
    /// <param name="file">The file.</param>
    /// <param name="own">The tensors of this one.</param>
    /// <exception cref="PreciseBnException">An entry of the file is damaged.</exception>
    public IReadOnlyList<ByteRange> FindApart(SourceFile file, IEnumerable<ArchivedTensor> own)
    {
        var kept = own.Select(tensor => tensor.Storage.LocalHeaderPosition).ToHashSet();
        var apart = Others.SelectMany(other => read(other).Values).Where(tensor => !kept.Contains(tensor.Storage.LocalHeaderPosition)).ToArray();
        return apart.Select(tensor => tensor.Storage).Distinct().Select(entry => new ByteRange(entry.DataPosition(file), entry.CompressedSize))
            .Concat(apart.SelectMany(tensor => tensor.Outer.Prepend(tensor.Storage)).Distinct()
                .SelectMany(entry => ArchivePatch.ChecksumPositions(file, entry)).Select(position => new ByteRange(position, sizeof(uint))))
            .ToArray();
    }

    private static bool Overlaps(TensorSlot slot, ArchivedTensor tensor)
    {
        var weight = StoredWeight.Of(slot.DType.ToString(), tensor);
        var size = weight.DType.Size();
        return weight.Count > 0 && slot.Position < weight.Memory.Position + (weight.End * size)
            && weight.Memory.Position + (weight.Offset * size) < slot.PositionOf(slot.Length - 1) + slot.DType.Size();
    }
}
