using System.Reflection;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

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
