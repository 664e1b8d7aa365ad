using PreciseBn.Models;
using PreciseBn.Primitives;

namespace PreciseBn.Averaging;

/// <summary>Finds what keeps two files from being of one model, in words.</summary>
/// <param name="file">A file.</param>
/// <param name="last">The file that is to be changed.</param>
internal sealed class ModelDifferences(InputModel file, InputModel last)
{
    private const int MostTold = 3;
    private const int LongestText = 80;
    private const int BufferSize = 1 << 20;

    /// <summary>The first few differences; none for files of one model.</summary>
    public IReadOnlyList<string> Find(CancellationToken cancellation)
    {
        if (file.Kind != last.Kind)
            return [$"the first is {file.Kind}, the other {last.Kind}"];
        var found = Names().Concat(Layouts()).Concat(Traits()).Take(MostTold + 1).ToArray();
        if (found.Length == 0)
            found = Numbers(cancellation).Take(MostTold + 1).ToArray();
        return found.Length <= MostTold ? found : [.. found[..MostTold], "and more"];
    }

    private IEnumerable<string> Names() =>
        last.Tensors.Keys.Except(file.Tensors.Keys).Select(name => $"'{name}' is in the second only")
            .Concat(file.Tensors.Keys.Except(last.Tensors.Keys).Select(name => $"'{name}' is in the first only"));

    private IEnumerable<string> Layouts()
    {
        var memories = new Dictionary<long, StoredWeight>();
        var others = new Dictionary<long, StoredWeight>();
        foreach (var (one, other) in Common())
        {
            if (one.DType != other.DType || !one.Shape.SequenceEqual(other.Shape))
                yield return $"'{one.Name}' is {one.Describe()} in the first, {other.Describe()} in the second";
            else if (!one.LiesAs(other) || one.Memory.Size != other.Memory.Size)
                yield return $"the numbers of '{one.Name}' have another order in memory in the second";
            else if (one.Count == 0)
                continue;
            else if (!memories.TryAdd(one.Memory.Position, other) && memories[one.Memory.Position].Memory.Position != other.Memory.Position)
                yield return $"'{one.Name}' and '{memories[one.Memory.Position].Name}' share memory in the first only";
            else if (!others.TryAdd(other.Memory.Position, one) && others[other.Memory.Position].Memory.Position != one.Memory.Position)
                yield return $"'{one.Name}' and '{others[other.Memory.Position].Name}' share memory in the second only";
        }
    }

    private IEnumerable<string> Traits()
    {
        foreach (var name in last.Weights.Traits.Keys.Union(file.Weights.Traits.Keys))
        {
            var (one, other) = (file.Weights.Traits.GetValueOrDefault(name), last.Weights.Traits.GetValueOrDefault(name));
            if (one == other)
                continue;
            yield return one is null || other is null
                ? $"{Title(name)} is in the {(one is null ? "second" : "first")} only"
                : $"{Title(name)} is {Excerpt(one, other)} in the first, {Excerpt(other, one)} in the second";
        }
    }

    // Integers are no weights: of tables, masks and quantized weights there is no average.
    private IEnumerable<string> Numbers(CancellationToken cancellation) => Common()
        .Where(pair => !pair.One.DType.IsFloatingPoint() && !last.IsCount(pair.Other))
        .Where(pair => !AreAlike(pair.One, pair.Other, cancellation))
        .Select(pair => $"the numbers of '{pair.One.Name}' ({pair.One.Describe()}), which have no average, are not the same");

    /// <summary>Floating-point tensors beside the model that are not the same in both.</summary>
    public IEnumerable<string> Beside(CancellationToken cancellation) =>
        from other in last.Weights.Beside
        join one in file.Weights.Beside on other.Name equals one.Name
        where one.DType != other.DType || !one.Shape.SequenceEqual(other.Shape) || !one.LiesAs(other) || !AreAlike(one, other, cancellation)
        select other.Name;

    private static bool AreAlike(StoredWeight one, StoredWeight other, CancellationToken cancellation)
    {
        if (one.Count == 0)
            return true;
        var size = one.DType.Size();
        var (start, otherStart) = (one.Memory.Position + (one.Offset * size), other.Memory.Position + (other.Offset * size));
        var length = (one.End - one.Offset) * size;
        var (buffer, otherBuffer) = (new byte[Math.Min(length, BufferSize)], new byte[Math.Min(length, BufferSize)]);
        for (var at = 0L; at < length; at += buffer.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = (int)Math.Min(buffer.Length, length - at);
            one.Memory.File.Read(start + at, buffer.AsSpan(0, count));
            other.Memory.File.Read(otherStart + at, otherBuffer.AsSpan(0, count));
            if (!buffer.AsSpan(0, count).SequenceEqual(otherBuffer.AsSpan(0, count)))
                return false;
        }
        return true;
    }

    private IEnumerable<(StoredWeight One, StoredWeight Other)> Common() =>
        from other in last.Tensors.Values
        where file.Tensors.ContainsKey(other.Name)
        select (file.Tensors[other.Name], other);

    private static string Title(string trait) => trait.Contains(' ') ? trait : $"'{trait}'";

    // From where they differ, as code and programs are long.
    private static string Excerpt(string text, string other)
    {
        var same = text.AsSpan().CommonPrefixLength(other);
        var start = text.Length <= LongestText ? 0 : Math.Max(0, same - (LongestText / 4));
        var part = text[start..Math.Min(text.Length, start + LongestText)].Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return $"'{(start > 0 ? "…" : "")}{string.Join(' ', part)}{(start + LongestText < text.Length ? "…" : "")}'";
    }
}
