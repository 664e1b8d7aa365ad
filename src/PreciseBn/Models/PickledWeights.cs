using System.Globalization;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models;

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
