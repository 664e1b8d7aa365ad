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
    private static readonly string[] Statistics = ["running_mean", "running_var", "num_batches_tracked"];

    private readonly Mode[] _modes;
    private Kept[] _tensors;
    private bool _isLetGo;

    public ModelSnapshot(nn.Module model)
    {
        using var gradients = no_grad();
        var modules = Named(model);
        _modes = modules.Select(item => new Mode(item.Module)).ToArray();
        _tensors = modules.SelectMany(item => Registered(item.Name, item.Module)).GroupBy(place => place.Tensor, ReferenceEqualityComparer.Instance)
            .Select(places => new Kept((Tensor)places.Key!, [.. places.Select(place => place.Home), .. places.SelectMany(place => Fields(place.Module, place.Tensor))]))
            .ToArray();
    }

    /// <summary>All modules of a model, with those that it holds and does not know, each behind those that it is in.</summary>
    public static IReadOnlyList<nn.Module> ModulesOf(nn.Module model) => Named(model).Select(item => item.Module).ToArray();

    /// <summary>
    /// What is not the same in another snapshot of the model: names of parameters and buffers, but for the statistics of layers that normalise. These are
    /// measured, or change unused while a layer normalises by the batch.
    /// </summary>
    public IReadOnlyList<string> Differences(ModelSnapshot other)
    {
        var others = other._tensors.SelectMany(kept => kept.Homes.Select(home => (home.Name, kept.Copy))).Where(item => item.Name is not null)
            .ToDictionary(item => item.Name!, item => item.Copy);
        return _tensors.Where(kept => kept.Homes[0].Name is { } name && !(others.TryGetValue(name, out var copy) && TensorBytes.AreSame(kept.Copy, copy)))
            .Select(kept => kept.Homes[0].Name!).ToArray();
    }

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
        _isLetGo = true;
    }

    public void Dispose()
    {
        if (!_isLetGo)
            Restore();
        LetGo();
    }

    private static IReadOnlyList<(string Name, nn.Module Module)> Named(nn.Module model) =>
        model.named_modules().Prepend(("", model)).Concat(UnregisteredModules.Find(model)).Reverse().DistinctBy(item => item.Item2).Reverse().ToArray();

    private static IEnumerable<(nn.Module Module, Tensor Tensor, Home Home)> Registered(string path, nn.Module module)
    {
        string? NameOf(string name) => module is NormBase && Statistics.Contains(name) ? null : path.Length == 0 ? name : $"{path}.{name}";
        foreach (var (name, (buffer, isPersistent)) in (IEnumerable<(string, (Tensor, bool))>)Buffers(module))
            yield return (module, buffer, new(NameOf(name), () => module.get_buffer(name), tensor => Register(module, name, tensor, isPersistent)));
        foreach (var (name, parameter) in (IEnumerable<(string, Parameter)>)Parameters(module))
            yield return (module, parameter, new(NameOf(name), () => module.get_parameter(name), tensor => Register(module, name, (Parameter)tensor)));
    }

    // A module has a tensor by its name and mostly in a field, which is not the same to its code.
    private static IEnumerable<Home> Fields(nn.Module module, Tensor tensor)
    {
        for (var type = module.GetType(); type is not null; type = type.BaseType)
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (typeof(Tensor).IsAssignableFrom(field.FieldType) && ReferenceEquals(field.GetValue(module), tensor))
                    yield return new(null, () => (Tensor?)field.GetValue(module), other => field.SetValue(module, other));
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

    /// <summary>A place where a module keeps a tensor, with the name that it has there; <c>null</c> if it has none, or is a statistic.</summary>
    private sealed record Home(string? Name, Func<Tensor?> Get, Action<Tensor> Set);

    /// <summary>A tensor, what it held, and where it was.</summary>
    private sealed class Kept(Tensor tensor, Home[] homes)
    {
        private readonly bool _requiresGradients = tensor.requires_grad;

        public Home[] Homes => homes;

        public Tensor Tensor { get; private set; } = tensor;

        public Tensor Copy { get; } = tensor.clone().DetachFromDisposeScope();

        public bool IsSame() => TensorBytes.AreSame(Tensor, Copy);

        public void Restore()
        {
            if (Tensor.IsInvalid || !Tensor.shape.SequenceEqual(Copy.shape))
                Tensor = Another();
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

/// <summary>What a model was at some time.</summary>
/// <param name="model">The model.</param>
/// <param name="batch">The number of its last batch.</param>
/// <param name="setBatch">Sets that number.</param>
internal sealed class LiveState(nn.Module model, long batch, Action<long> setBatch) : IModelState
{
    private readonly ModelSnapshot _snapshot = new(model);

    public IReadOnlyList<string> Differences(IModelState other) => _snapshot.Differences(((LiveState)other)._snapshot);

    public void Restore()
    {
        _snapshot.Restore();
        setBatch(batch);
    }

    public void Dispose() => _snapshot.LetGo();
}
