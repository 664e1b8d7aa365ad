using PreciseBn.Formats;

namespace PreciseBn.Models.TorchScript;

/// <summary>What is known of a value before the code runs.</summary>
/// <param name="key">Equal for values of which the same is known.</param>
internal abstract class ScriptValue(string key)
{
    public string Key { get; } = key;

    /// <summary>The values that it may be.</summary>
    public virtual IEnumerable<ScriptValue> Choices => [this];
}

/// <summary>A value of which nothing is known.</summary>
/// <param name="source">What has made it, for messages; empty if that tells nothing.</param>
internal sealed class UnknownValue(string source = "") : ScriptValue("?" + source)
{
    public string Source => source;
}

/// <summary>A number, text, truth value or <c>null</c>.</summary>
internal sealed class LiteralValue(object? value) : ScriptValue($"={value?.GetType().Name}:{value}")
{
    public object? Value => value;

    public double? Number => value switch { long number => number, double number => number, _ => null };
}

/// <summary>A name such as <c>torch.relu</c> or <c>__torch__.module.function</c>.</summary>
internal sealed class QualifiedValue(string name) : ScriptValue("." + name)
{
    public string Name => name;
}

/// <summary>A module of the model.</summary>
internal sealed class ModuleValue(ScriptNode node) : ScriptValue("M" + node.Name)
{
    public ScriptNode Node => node;
}

/// <summary>A method of a module that is called.</summary>
internal sealed class MethodValue(ScriptNode node, string name) : ScriptValue($"F{node.Name}.{name}")
{
    public ScriptNode Node => node;

    public string Name => name;
}

/// <summary>A function that is defined in another, and sees its names.</summary>
internal sealed class ClosureValue(ScriptStatement definition, Dictionary<string, ScriptValue> names) : ScriptValue("C" + definition.GetHashCode())
{
    public ScriptStatement Definition => definition;

    public Dictionary<string, ScriptValue> Names => names;
}

/// <summary>A tuple or list.</summary>
internal sealed class SequenceValue(IReadOnlyList<ScriptValue> items) : ScriptValue($"({string.Join(",", items.Select(item => item.Key))})")
{
    public IReadOnlyList<ScriptValue> Items => items;
}

/// <summary>One of several values.</summary>
internal sealed class ChoiceValue : ScriptValue
{
    public const int Most = 1024;

    private readonly ScriptValue[] _choices;

    private ChoiceValue(ScriptValue[] choices)
        : base($"<{string.Join("|", choices.Select(choice => choice.Key))}>") => _choices = choices;

    public override IEnumerable<ScriptValue> Choices => _choices;

    public static ScriptValue Of(IEnumerable<ScriptValue> values)
    {
        var choices = values.SelectMany(value => value.Choices).DistinctBy(value => value.Key).Take(Most + 1).ToArray();
        return choices.Length == 1 ? choices[0] : choices.Length is 0 or > Most ? new UnknownValue() : new ChoiceValue(choices);
    }
}

/// <summary>A tensor that the file has, or a part of it.</summary>
/// <param name="tensor">The whole.</param>
/// <param name="offset">How many of its elements, in order, stand before the first.</param>
/// <param name="shape">The shape of the part.</param>
/// <param name="copies">Where in the code it has been copied or cast, as numbers.</param>
internal sealed class TensorValue(ScriptTensor tensor, long offset, IReadOnlyList<long> shape, IReadOnlyList<int> copies)
    : ScriptValue($"T{tensor.Key}+{offset}[{string.Join(",", shape)}]{string.Join(",", copies)}")
{
    public ScriptTensor Tensor => tensor;

    public long Offset => offset;

    public IReadOnlyList<long> Shape => shape;

    public IReadOnlyList<int> Copies => copies;

    public long Count => shape.Aggregate(1L, (count, size) => count * size);

    public TensorValue Part(long elements, IReadOnlyList<long> part) => new(tensor, offset + elements, part, copies);

    public TensorValue Copied(int copy) => new(tensor, offset, shape, [.. copies, copy]);
}

/// <summary>A tensor of a TorchScript archive.</summary>
/// <param name="Key">An expression for it in a method of the root module, or of a constant in any.</param>
/// <param name="Stored">Where its elements are.</param>
/// <param name="Owner">The module that has it; <c>null</c> for a constant.</param>
/// <param name="Attribute">The name of the attribute, or number of the constant.</param>
internal sealed record ScriptTensor(string Key, StoredTensor Stored, ScriptNode? Owner, string Attribute);
