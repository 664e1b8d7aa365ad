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
    /// <returns>The archive, or <c>null</c> where the zip is of another kind.</returns>
    /// <exception cref="PreciseBnException">It holds something that cannot be observed, or is damaged.</exception>
    public static ExportedArchive? TryRead(ZipContents zip) => TryReadFlat(zip) ?? PackageLayout.TryRead(zip);

    public static ExportedArchive Read(
        ZipContents zip, ZipEntry program, params IEnumerable<KeyValuePair<string, ArchivedTensor>>[] tensors)
    {
        var byName = new Dictionary<string, ArchivedTensor>();
        foreach (var (name, tensor) in tensors.SelectMany(some => some))
            byName.TryAdd(name, tensor);
        return new ExportedArchive(zip.File, ExportedJson.Read(zip, program), byName);
    }

    // The older layout, which PyTorch 2.6 writes: everything at the top.
    private static ExportedArchive? TryReadFlat(ZipContents zip) =>
        zip.Entries.TryGetValue("serialized_exported_program.json", out var program)
            ? Read(zip, program,
                ExportedTensors.InPickle(zip, "serialized_state_dict.pt"), ExportedTensors.InPickle(zip, "serialized_constants.pt"))
            : null;
}
