using System.Globalization;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models;

/// <summary>What a file holds of a model: its tensors, and all else that makes it that model.</summary>
internal sealed class StoredWeights
{
    private readonly Dictionary<string, string> _traits = [];

    /// <summary>Parameters, buffers and constants.</summary>
    public List<StoredWeight> Tensors { get; } = [];

    /// <summary>Floating-point tensors that are in the file beside the model, such as the best loss so far; those of optimizers are not listed.</summary>
    public List<StoredWeight> Beside { get; } = [];

    /// <summary>What files of one model have in common besides tensors: classes, attributes, code.</summary>
    public IReadOnlyDictionary<string, string> Traits => _traits;

    /// <summary>Adds a trait.</summary>
    public void AddTrait(string name, string text) => _traits[name] = text;
}

/// <summary>A tensor in a file, and where its numbers are; of any shape, contiguous or not.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">Number format.</param>
/// <param name="Shape">Size of each dimension.</param>
/// <param name="Strides">Distance of neighbours in each dimension, in elements.</param>
/// <param name="Offset">Index of the first element in the memory that it lies in.</param>
/// <param name="Memory">That memory, which other tensors may share.</param>
internal sealed record StoredWeight(
    string Name, DType DType, IReadOnlyList<long> Shape, IReadOnlyList<long> Strides, long Offset, StoredMemory Memory)
{
    /// <summary>One behind the last of its elements, in elements of the memory.</summary>
    public long End => Offset + 1 + Shape.Zip(Strides).Sum(dimension => (dimension.First - 1) * dimension.Second);

    /// <summary>How many elements it has.</summary>
    public long Count => Shape.Aggregate(1L, (count, size) => count * size);

    /// <summary>A tensor of an archive.</summary>
    /// <exception cref="PreciseBnException">It does not lie in its entry, or that is compressed.</exception>
    public static StoredWeight Of(string name, ArchivedTensor tensor)
    {
        var (stored, entry, file) = (tensor.Tensor, tensor.Storage, tensor.Zip.File);
        if (!entry.IsStored)
            throw FileErrors.Compressed(file.Path, entry.Name);
        if (entry.Size % stored.DType.Size() != 0)
            throw FileErrors.Damaged(file.Path, $"its entry '{entry.Name}' ends within a number");
        RequireInside(stored, entry, file);
        return new StoredWeight(name, stored.DType, stored.Shape, stored.Strides, stored.Offset,
            new StoredMemory(file, entry.DataPosition(file), entry.Size, [entry, .. tensor.Outer]));
    }

    /// <summary>A tensor whose elements lie in a file in row-major order, by itself.</summary>
    public static StoredWeight InPlace(SourceFile file, string name, DType dtype, IReadOnlyList<long> shape, long position)
    {
        var strides = new long[shape.Count];
        for (var (i, stride) = (shape.Count - 1, 1L); i >= 0; stride *= shape[i--])
            strides[i] = stride;
        return new StoredWeight(name, dtype, shape, strides, 0, new StoredMemory(file, position, StoredArray.Size(dtype, shape), []));
    }

    /// <summary>Whether a tensor of the same shape has its elements at the same places of its memory. The stride of a single element leads nowhere.</summary>
    public bool LiesAs(StoredWeight other) =>
        Offset == other.Offset && Shape.Zip(Strides, other.Strides).All(dimension => dimension.First <= 1 || dimension.Second == dimension.Third);

    /// <summary>Number format and shape, for messages.</summary>
    public string Describe() => $"{DType} [{string.Join(", ", Shape)}]";

    private static void RequireInside(StoredTensor tensor, ZipEntry entry, SourceFile file)
    {
        var end = (Int128)tensor.Offset + 1;
        var isImpossible = tensor.Offset < 0;
        foreach (var (size, stride) in tensor.Shape.Zip(tensor.Strides))
        {
            isImpossible |= size < 0 || stride < 0;
            end += (Int128)Math.Max(size - 1, 0) * stride;
        }
        if (isImpossible || (!tensor.Shape.Contains(0) && end > entry.Size / tensor.DType.Size()))
            throw FileErrors.Damaged(file.Path, $"a tensor lies outside its entry '{entry.Name}'");
    }
}

/// <summary>A run of bytes in a file that tensors lie in.</summary>
/// <param name="File">The file.</param>
/// <param name="Position">Where it begins.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Containers">The zip entries whose checksums cover it, from the innermost out; the innermost is the memory itself.</param>
internal sealed record StoredMemory(SourceFile File, long Position, long Size, IReadOnlyList<ZipEntry> Containers);

/// <summary>
/// Finds what is of a model in what was pickled. A module is, with all that is in it. Of a checkpoint its state_dicts are: dictionaries
/// with weights and nothing but tensors and further containers in them. What else a checkpoint has, such as the number of the
/// epoch, belongs to the training.
/// </summary>
/// <param name="archive">The archive.</param>
/// <param name="canonical">Makes texts that name classes the same for all files of a model.</param>
internal sealed class PickledWeights(TorchArchive archive, Func<string, string> canonical)
{
    private const int DeepestNesting = 500;
    private const int LongestName = 10_000;

    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);

    private enum Part
    {
        Training,
        Optimizer,
        StateDict,
        Module,
    }

    public StoredWeights Found { get; } = new();

    /// <summary>Adds what is of the model in a tree.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="name">Its name.</param>
    /// <param name="isModule">Whether all of it is.</param>
    /// <param name="folder">The folder of the archive that its tensors lie in.</param>
    /// <exception cref="PreciseBnException">It has a tensor of a kind that has no average, or one that is damaged.</exception>
    public void Add(object? tree, string name, bool isModule, string folder)
    {
        var pending = new Stack<(string Name, int Depth, object? Value, Part Part)>();
        pending.Push((name, 0, tree, isModule ? Part.Module : Part.Training));
        while (pending.TryPop(out var next))
        {
            if (AddTensor(next.Name, next.Value, next.Part, folder))
                continue;
            if (next.Value is null || ChildrenOf(next.Value) is not { } children)
            {
                if (next.Part == Part.Module)
                    Found.AddTrait(next.Name, canonical(Text(next.Value)));
                continue;
            }
            if (!_seen.Add(next.Value))
                continue;
            if (next.Depth > DeepestNesting || next.Name.Length > LongestName)
                throw ModelErrors.TooDeep(archive.File.Path);
            var part = PartOf(next.Value, next.Part);
            if (part == Part.Module && next.Value is PickleInstance { Type: { } type })
                Found.AddTrait($"the class of {(next.Name.Length == 0 ? "the model" : $"'{next.Name}'")}", canonical(type.ToString()));
            foreach (var (key, value) in children.Reverse())
                pending.Push((TensorTree.Join(next.Name, TensorTree.Text(key)), next.Depth + 1, value, part));
        }
    }

    private bool AddTensor(string name, object? value, Part part, string folder)
    {
        var parts = TensorPickle.TryReadParts(value);
        var stored = TensorPickle.TryRead(value) ?? parts;
        var foreign = ForeignTensor.TryRead(value) ?? (stored is null ? ForeignTensor.OfOtherNumbers(value) : null);
        if (foreign is not null && part is Part.Module or Part.StateDict)
            throw ModelErrors.NoAverage(archive.File.Path, name, foreign);
        if (foreign is null && stored is null)
            return false;
        // Pairs of numbers are no complex ones.
        if (parts is not null && part is Part.Module or Part.StateDict)
            Found.AddTrait($"the kind of the numbers of '{name}'", "complex");
        if (stored is not null && part is Part.Module or Part.StateDict)
            Found.Tensors.Add(StoredWeight.Of(name, archive.Find(stored, folder)));
        else if (stored?.DType.IsFloatingPoint() == true && part == Part.Training)
            Found.Beside.Add(StoredWeight.Of(name, archive.Find(stored, folder)));
        return true;
    }

    private static Part PartOf(object value, Part parent)
    {
        if (parent is Part.Module or Part.Optimizer)
            return parent;
        if (IsModule(value))
            return Part.Module;
        var items = value switch
        {
            PickleDictionary dictionary => dictionary,
            PickleInstance instance => instance.Items,
            _ => null,
        };
        if (items is null)
            return Part.Training;
        // As every optimizer of torch.optim writes it.
        if (items.Contains("state") && items.Contains("param_groups"))
            return Part.Optimizer;
        return items.Items.Any(item => IsWeight(item.Value)) && items.Items.All(item => item.Key is string && IsOfStateDict(item.Value))
            ? Part.StateDict : Part.Training;
    }

    private static bool IsModule(object value) => value is PickleInstance { Type: { } type, State: PickleDictionary state }
        && (type.Module == "__torch__" || type.Module.StartsWith("__torch__.", StringComparison.Ordinal) || state.Contains("_parameters"));

    private static bool IsWeight(object? value) =>
        TensorPickle.TryRead(value) is { } tensor ? tensor.DType.IsFloatingPoint() && !tensor.IsScalar : IsForeign(value);

    private static bool IsOfStateDict(object? value) => value is null || IsForeign(value) || TensorPickle.TryRead(value) is not null || ChildrenOf(value) is not null;

    private static bool IsForeign(object? value) => (ForeignTensor.TryRead(value) ?? ForeignTensor.OfOtherNumbers(value)) is not null;

    private static IEnumerable<KeyValuePair<object?, object?>>? ChildrenOf(object value) => value switch
    {
        PickleDictionary dictionary => dictionary.Items,
        List<object?> list => Indexed(list),
        object?[] tuple => Indexed(tuple),
        PickleInstance instance =>
        [
            .. instance.Items.Items,
            .. instance.State switch
            {
                null => [],
                PickleDictionary state => state.Items,
                var state => [new KeyValuePair<object?, object?>("state", state)],
            },
            .. Indexed(instance.Elements),
            .. instance.Arguments.Count > 0 ? new[] { new KeyValuePair<object?, object?>("arguments", instance.Arguments) } : [],
        ],
        _ => null,
    };

    private static IEnumerable<KeyValuePair<object?, object?>> Indexed(IEnumerable<object?> items) =>
        items.Select((item, index) => new KeyValuePair<object?, object?>((long)index, item));

    private static string Text(object? value) => value switch
    {
        null => "None",
        byte[] bytes => Convert.ToHexString(bytes),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"{value}",
    };
}
