using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Exported;

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
