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
