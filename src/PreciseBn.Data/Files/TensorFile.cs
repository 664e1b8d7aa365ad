using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Data.Files;

/// <summary>Tensors that torch.save has written: one, or dictionaries, lists and tuples of them. Nothing in the file is executed.</summary>
internal static class TensorFile
{
    private const byte PickleStart = 0x80;

    /// <returns>The tensors, or <c>null</c> where the file is no zip archive, and so of another kind.</returns>
    /// <exception cref="PreciseBnException">The file is damaged, a model, or of PyTorch before 1.6.</exception>
    public static ArrayFile? TryRead(SourceFile file)
    {
        if (ZipContents.TryOpen(file, 0, file.Length) is not { } zip)
            return IsTorchEnding(file.Path) ? throw Explain(file) : null;
        if (TorchArchive.TryRead(zip) is not { } archive)
            throw IsProgram(zip) ? DataErrors.IsModel(file.Path, "an exported program") : DataErrors.UnknownKind(file.Path);
        if (archive.HasCode)
            throw DataErrors.IsModel(file.Path, "a TorchScript model");
        var tree = archive.ReadPickle("data.pkl");
        if (TensorTree.Leaves(tree, file.Path).FirstOrDefault(leaf => leaf.Foreign == ForeignTensor.Negated) is { Foreign: { } negated } other)
            throw FileErrors.Unsupported(file.Path, $"{(other.Name.Length == 0 ? "it" : $"its tensor '{other.Name}'")} is {negated.Kind}", negated.Remedy);
        var tensors = TensorTree.Enumerate(tree, file.Path).ToArray();
        if (IsModule(tree) || tensors.Any(tensor => tensor.Name.EndsWith("running_mean", StringComparison.Ordinal)))
            throw DataErrors.IsModel(file.Path, "a checkpoint");
        var isUnnamed = tensors is [{ Name: "" }];
        var arrays = tensors.Select(tensor => TensorView.Create(isUnnamed ? ArrayFile.NameOf(file.Path) : tensor.Name, archive.Find(tensor.Tensor)));
        return new ArrayFile(file.Path, arrays.ToArray(), file) { IsUnnamed = isUnnamed };
    }

    private static bool IsTorchEnding(string path) => Path.GetExtension(path).ToLowerInvariant() is ".pt" or ".pth" or ".pt2";

    private static PreciseBnException Explain(SourceFile file)
    {
        var start = file.Read(0, (int)Math.Min(file.Length, 2));
        return start switch
        {
            [(byte)'P', (byte)'K'] => FileErrors.Truncated(file.Path),
            [PickleStart, ..] => FileErrors.Unsupported(
                file.Path, "it is in the format that torch.save wrote before PyTorch 1.6", "Load it in Python and write it again with torch.save."),
            _ => DataErrors.UnknownKind(file.Path),
        };
    }

    private static bool IsProgram(ZipContents zip) => zip.Entries.Keys.Any(name =>
        name.EndsWith("serialized_exported_program.json", StringComparison.Ordinal) || name.EndsWith("archive_format", StringComparison.Ordinal));

    // What torch.save makes of a torch.nn.Module: its tensors are weights.
    private static bool IsModule(object? tree) =>
        tree is PickleInstance { State: PickleDictionary state } && state.Contains("_modules") && state.Contains("_parameters");
}
