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
