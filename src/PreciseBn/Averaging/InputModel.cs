using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Models;
using PreciseBn.Primitives;

namespace PreciseBn.Averaging;

/// <summary>One of the files to average, open, with what is in it.</summary>
internal sealed class InputModel : IDisposable
{
    private readonly HashSet<long> _statistics;

    private InputModel(ModelFile model)
    {
        Model = model;
        Weights = model.ReadWeights();
        Tensors = Weights.Tensors.GroupBy(tensor => tensor.Name).ToDictionary(same => same.Key, same => same.First());
        _statistics = [.. model.Layers.SelectMany(Statistics).SelectMany(slot => Enumerable.Range(0, slot.Length).Select(slot.PositionOf))];
    }

    public ModelFile Model { get; }

    public StoredWeights Weights { get; }

    public IReadOnlyDictionary<string, StoredWeight> Tensors { get; }

    public string Path => Model.Path;

    /// <summary>The file itself.</summary>
    public SourceFile File => Model.Files[0];

    /// <summary>What kind of file it is.</summary>
    public string Kind => Model.Kind;

    /// <exception cref="PreciseBnException">It is missing, damaged, of no kind that is known, or has tensors that have no average.</exception>
    public static InputModel Open(string path)
    {
        if (ModelFile.ListPrograms(path) is { Count: > 1 } programs)
            throw AveragingErrors.SeveralPrograms(path, programs);
        var model = ModelFile.Open(path);
        try
        {
            return new InputModel(model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Whether a tensor is a number that counts something, such as batches, and may differ from file to file.</summary>
    public bool IsCount(StoredWeight tensor) => (tensor.Shape.Count == 0 && tensor.DType != DType.Bool) || _statistics.Contains(PositionOf(tensor, tensor.Offset));

    /// <summary>The memories with weights, in the order of the file; of each the elements that are averaged.</summary>
    /// <exception cref="PreciseBnException">Some of it is used for numbers of several formats.</exception>
    public IReadOnlyList<WeightBlock> FindBlocks()
    {
        var blocks = new List<WeightBlock>();
        foreach (var same in Weights.Tensors.Where(tensor => tensor.Count > 0).GroupBy(tensor => tensor.Memory.Position).OrderBy(same => same.Key))
        {
            var first = same.First();
            if (same.FirstOrDefault(tensor => tensor.DType != first.DType) is { } other)
                throw AveragingErrors.OtherTypes(Path, first, other);
            if (!first.DType.IsFloatingPoint())
                continue;
            var ranges = WithoutStatistics(first, Union(same.Select(tensor => new ElementRange(tensor.Offset, tensor.End)))).ToArray();
            if (ranges.Length > 0)
                blocks.Add(new WeightBlock(first.Memory, first.DType, ranges, same.ToArray()));
        }
        return blocks;
    }

    public void Dispose() => Model.Dispose();

    private static IEnumerable<TensorSlot> Statistics(StoredLayer layer) => new[] { layer.Mean, layer.Variance, layer.BatchesTracked }.OfType<TensorSlot>();

    private static long PositionOf(StoredWeight tensor, long element) => tensor.Memory.Position + (element * tensor.DType.Size());

    private static List<ElementRange> Union(IEnumerable<ElementRange> ranges)
    {
        var union = new List<ElementRange>();
        foreach (var range in ranges.OrderBy(range => range.Start))
        {
            if (union.Count > 0 && range.Start <= union[^1].End)
                union[^1] = new ElementRange(union[^1].Start, Math.Max(union[^1].End, range.End));
            else
                union.Add(range);
        }
        return union;
    }

    private IEnumerable<ElementRange> WithoutStatistics(StoredWeight tensor, List<ElementRange> ranges)
    {
        var size = tensor.DType.Size();
        var kept = _statistics.Where(position => position >= tensor.Memory.Position && position < tensor.Memory.Position + tensor.Memory.Size)
            .Select(position => (position - tensor.Memory.Position) / size).Order().ToArray();
        foreach (var range in ranges)
        {
            var start = range.Start;
            foreach (var element in kept.Where(element => element >= range.Start && element < range.End))
            {
                if (element > start)
                    yield return new ElementRange(start, element);
                start = element + 1;
            }
            if (start < range.End)
                yield return new ElementRange(start, range.End);
        }
    }
}

/// <summary>Elements that follow each other.</summary>
/// <param name="Start">The first.</param>
/// <param name="End">One behind the last.</param>
internal readonly record struct ElementRange(long Start, long End);

/// <summary>A memory that has weights.</summary>
/// <param name="Memory">The memory.</param>
/// <param name="DType">Number format of all that is in it.</param>
/// <param name="Averaged">Its elements that are averaged, in order; the others stay.</param>
/// <param name="Tensors">The tensors that lie in it.</param>
internal sealed record WeightBlock(StoredMemory Memory, DType DType, IReadOnlyList<ElementRange> Averaged, IReadOnlyList<StoredWeight> Tensors)
{
    /// <summary>The tensor that an element belongs to.</summary>
    public string NameOf(long element) => (Tensors.FirstOrDefault(tensor => element >= tensor.Offset && element < tensor.End) ?? Tensors[0]).Name;
}

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
