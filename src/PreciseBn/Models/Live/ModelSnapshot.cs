using System.Reflection;
using System.Runtime.CompilerServices;
using PreciseBn.Native;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>
/// Copies of all parameters and buffers of a model, where it keeps them, and the modes of its modules. Running a model changes them, and its
/// code may put others in their places; when the snapshot is disposed of, all are what they were, in the same tensors. Only for one that
/// the code has disposed of or resized there is another with what it held.
/// </summary>
internal sealed class ModelSnapshot : IDisposable
{
    private readonly Mode[] _modes;
    private Kept[] _tensors;

    public ModelSnapshot(nn.Module model)
    {
        using var gradients = no_grad();
        var modules = ModulesOf(model);
        _modes = modules.Select(module => new Mode(module)).ToArray();
        _tensors = modules.SelectMany(Registered).GroupBy(item => item.Tensor, ReferenceEqualityComparer.Instance)
            .Select(places => new Kept((Tensor)places.Key!, [.. places.Select(place => place.Home), .. places.SelectMany(place => Fields(place.Module, place.Tensor))]))
            .ToArray();
    }

    /// <summary>All modules of a model, with those that it holds and does not know, each behind those that it is in.</summary>
    public static IReadOnlyList<nn.Module> ModulesOf(nn.Module model) =>
        model.named_modules().Select(item => item.module).Prepend(model).Concat(UnregisteredModules.Find(model).Select(held => held.Module))
            .Reverse().Distinct().Reverse().ToArray();

    /// <summary>Whether a tensor differs from its copy.</summary>
    public bool HasChanged(Tensor tensor) => _tensors.Any(kept => ReferenceEquals(kept.Tensor, tensor) && !kept.IsSame());

    public void Restore()
    {
        using var gradients = no_grad();
        foreach (var kept in _tensors)
            kept.Restore();
        foreach (var mode in _modes)
            mode.Restore();
    }

    /// <summary>Leaves all as they are now.</summary>
    public void LetGo()
    {
        foreach (var kept in _tensors)
            kept.Copy.Dispose();
        _tensors = [];
    }

    public void Dispose()
    {
        if (_tensors.Length > 0)
            Restore();
        LetGo();
    }

    private static IEnumerable<(nn.Module Module, Tensor Tensor, Home Home)> Registered(nn.Module module)
    {
        foreach (var (name, (buffer, isPersistent)) in (IEnumerable<(string, (Tensor, bool))>)Buffers(module))
            yield return (module, buffer, new(() => module.get_buffer(name), tensor => Register(module, name, tensor, isPersistent)));
        foreach (var (name, parameter) in (IEnumerable<(string, Parameter)>)Parameters(module))
            yield return (module, parameter, new(() => module.get_parameter(name), tensor => Register(module, name, (Parameter)tensor)));
    }

    // A module has a tensor by its name and mostly in a field, which is not the same to its code.
    private static IEnumerable<Home> Fields(nn.Module module, Tensor tensor)
    {
        for (var type = module.GetType(); type is not null; type = type.BaseType)
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (typeof(Tensor).IsAssignableFrom(field.FieldType) && ReferenceEquals(field.GetValue(module), tensor))
                    yield return new(() => (Tensor?)field.GetValue(module), other => field.SetValue(module, other));
            }
        }
    }

    // What is not persistent is in no list that TorchSharp gives.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_internal_buffers")]
    private static extern ref OrderedDict<string, (Tensor, bool)> Buffers(nn.Module module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_internal_params")]
    private static extern ref OrderedDict<string, Parameter> Parameters(nn.Module module);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ConditionallyRegisterBuffer")]
    private static extern void Register(nn.Module module, string name, Tensor value, bool persistent);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ConditionallyRegisterParameter")]
    private static extern void Register(nn.Module module, string name, Parameter value);

    /// <summary>A place where a module keeps a tensor.</summary>
    private sealed record Home(Func<Tensor?> Get, Action<Tensor> Set);

    /// <summary>A tensor, what it held, and where it was.</summary>
    private sealed class Kept(Tensor tensor, Home[] homes)
    {
        private readonly bool _requiresGradients = tensor.requires_grad;

        public Tensor Tensor { get; private set; } = tensor;

        public Tensor Copy { get; } = tensor.clone().DetachFromDisposeScope();

        public bool IsSame() => TensorBytes.AreSame(Tensor, Copy);

        public void Restore()
        {
            if (Tensor.IsInvalid || !Tensor.shape.SequenceEqual(Copy.shape))
                Tensor = Another();
            // Whoever wants to differentiate through it has to know that it is the same.
            else if (!IsSame())
                Tensor.copy_(Copy);
            foreach (var home in homes.Where(home => !ReferenceEquals(home.Get(), Tensor)))
                home.Set(Tensor);
        }

        private Tensor Another()
        {
            var other = Copy.clone().DetachFromDisposeScope();
            return Tensor is Parameter ? new Parameter(other, _requiresGradients) : other;
        }
    }

    /// <summary>In which mode a module is, and by what it normalises.</summary>
    private sealed class Mode(nn.Module module)
    {
        private readonly bool _training = module.training;
        private readonly (double? Momentum, double Eps)? _norm = module is NormBase norm ? (norm.momentum, norm.eps) : null;

        public void Restore()
        {
            // It sets the mode of those in it, too, which come after it.
            if (module.training != _training)
                module.train(_training);
            if (module is NormBase norm && _norm is var (momentum, eps))
                (norm.momentum, norm.eps) = (momentum, eps);
        }
    }
}
