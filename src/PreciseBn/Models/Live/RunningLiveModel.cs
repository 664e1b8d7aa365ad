using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PreciseBn.Batches;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>A TorchSharp model in memory, in evaluation for a while: when this is disposed of, it is what it was.</summary>
internal sealed class RunningLiveModel : IRunningModel
{
    private readonly string _name;
    private readonly string? _key;
    private readonly ForwardCall _forward;
    private readonly IReadOnlyList<nn.Module> _modules;
    private readonly ModelSnapshot _saved;
    private readonly ForeignCode _foreign = new();

    /// <param name="name">What messages call it.</param>
    /// <param name="root">The model.</param>
    /// <param name="key">Which tensor is taken of what it returns.</param>
    public RunningLiveModel(string name, nn.Module root, string? key)
    {
        _name = name;
        _key = key;
        _forward = new ForwardCall(root);
        _modules = ModelSnapshot.ModulesOf(root);
        _saved = new ModelSnapshot(root);
        root.eval();
    }

    public Tensor Compute(Batch batch, long index)
    {
        if (batch.Inputs.Count != _forward.InputNames.Count)
            throw ModelErrors.WrongInputCount(_name, index, _forward.InputNames, batch.Inputs.Count);
        try
        {
            var inputs = batch.Inputs.Select(ForeignCode.Give).ToArray();
            using var gradients = new PausedGradients(_modules);
            return ForeignCode.Give(_foreign.Run(() => Choose(_forward.Invoke(inputs)), () => ForeignCode.BytesOf(batch.Inputs)));
        }
        catch (Exception e) when (e is ExternalException or ArgumentException or InvalidOperationException)
        {
            throw ModelErrors.ForwardFailed(_name, batch.Describe(index), e);
        }
    }

    public void Dispose() => _saved.Dispose();

    private Tensor Choose(object? returned) => returned switch
    {
        Tensor tensor => _key is null ? tensor : throw ModelErrors.OutputKeyNotFound(_name, _key, "a single tensor"),
        IDictionary dictionary => InDictionary(dictionary),
        ITuple tuple => InList(Enumerable.Range(0, tuple.Length).Select(index => tuple[index]).ToArray()),
        IEnumerable items and not string => InList(items.Cast<object?>().ToArray()),
        _ => throw ModelErrors.OutputNotATensor(_name, returned?.GetType().Name ?? "nothing"),
    };

    private Tensor InDictionary(IDictionary entries)
    {
        var names = entries.Keys.Cast<object>().Select(key => $"{key}").ToArray();
        var returned = $"a dictionary with {string.Join(", ", names.Select(name => $"'{name}'"))}";
        if (_key is null && names.Length != 1)
            throw ModelErrors.OutputKeyNeeded(_name, returned);
        return entries[_key ?? names[0]] as Tensor ?? throw ModelErrors.OutputKeyNotFound(_name, _key ?? names[0], returned);
    }

    private Tensor InList(object?[] items)
    {
        var returned = $"a tuple or list of {items.Length}";
        if (_key is null)
            return items.OfType<Tensor>().FirstOrDefault() ?? throw ModelErrors.OutputNotATensor(_name, returned);
        return int.TryParse(_key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < items.Length && items[index] is Tensor tensor
            ? tensor
            : throw ModelErrors.OutputKeyNotFound(_name, _key, returned);
    }
}

/// <summary>Calls a module of which only the base class is known with as many tensors as its <c>call</c> takes.</summary>
internal sealed class ForwardCall
{
    private readonly nn.Module _module;
    private readonly MethodInfo _method;

    /// <exception cref="PreciseBnException">The module does not take tensors only.</exception>
    public ForwardCall(nn.Module module)
    {
        _module = module;
        _method = module.GetType().GetMethods(BindingFlags.Public | BindingFlags.Instance)
            .FirstOrDefault(method => method.Name == "call" && method.GetParameters() is { Length: > 0 } parameters
                && parameters.All(parameter => parameter.ParameterType == typeof(Tensor)))
            ?? throw ModelErrors.NotCallable(module.GetName());
        InputNames = _method.GetParameters().Select(parameter => parameter.Name!).ToArray();
    }

    public IReadOnlyList<string> InputNames { get; }

    /// <summary>Calls the module; what it throws comes through as it is.</summary>
    public object? Invoke(IReadOnlyList<Tensor> inputs) =>
        _method.Invoke(_module, BindingFlags.DoNotWrapExceptions, null, inputs.ToArray<object>(), null);
}
