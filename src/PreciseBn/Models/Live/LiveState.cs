using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>
/// A layer in another mode for a while. When it is disposed of, the layer has its mode and momentum again; its buffers are
/// for <see cref="BufferSnapshot"/>.
/// </summary>
internal sealed class LayerState : IDisposable
{
    private readonly BatchNorm _layer;
    private readonly bool _training;
    private readonly double? _momentum;
    private readonly List<BatchNorm.HookRemover> _hooks = [];

    private LayerState(BatchNorm layer)
    {
        _layer = layer;
        _training = layer.training;
        _momentum = layer.momentum;
    }

    /// <summary>Makes a layer normalise by the statistics of each batch and keep just these.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="before">Gets the input of each call and returns what the layer is to get instead.</param>
    /// <param name="after">Called when the layer has run.</param>
    public static LayerState Observe(BatchNorm layer, Func<Tensor, Tensor> before, Action after)
    {
        var state = new LayerState(layer);
        layer.train();
        layer.momentum = 1;
        state._hooks.Add(layer.register_forward_pre_hook((_, input) => before(input)));
        state._hooks.Add(layer.register_forward_hook((_, _, output) =>
        {
            after();
            return output;
        }));
        return state;
    }

    /// <summary>Makes a layer normalise by statistics, whatever its mode.</summary>
    public static LayerState Settle(BatchNorm layer, double[] mean, double[] variance)
    {
        var state = new LayerState(layer);
        layer.eval();
        layer.running_mean!.copy_(tensor(mean));
        layer.running_var!.copy_(tensor(variance));
        return state;
    }

    public void Dispose()
    {
        foreach (var hook in _hooks)
            hook.remove();
        _layer.train(_training);
        _layer.momentum = _momentum;
    }
}

/// <summary>
/// Copies of all buffers of a model, and where it keeps them. Running a model changes those of other layers too, of an unselected
/// BatchNorm in training mode for instance, and its code may put other tensors in their places; when the snapshot is disposed of, all are
/// what they were, in the same tensors. Only for one that the code has disposed of there is another with what it held.
/// </summary>
internal sealed class BufferSnapshot : IDisposable
{
    private Kept[] _buffers;

    public BufferSnapshot(nn.Module model)
    {
        var modules = model.named_modules().Select(item => item.module).Prepend(model).Distinct().ToArray();
        _buffers = modules.SelectMany(module => Registered(module).Select(item => (Module: module, item.Name, item.Buffer)))
            .GroupBy(item => item.Buffer, ReferenceEqualityComparer.Instance)
            .Select(homes => new Kept((Tensor)homes.Key!, homes.SelectMany(home => Homes(home.Module, home.Name, home.Buffer)).ToArray())).ToArray();
    }

    /// <summary>Whether a buffer differs from its copy.</summary>
    public bool HasChanged(Tensor buffer)
    {
        using var scope = NewDisposeScope();
        return _buffers.Any(kept => ReferenceEquals(kept.Buffer, buffer) && !allclose(kept.Buffer, kept.Copy, rtol: 0, atol: 0));
    }

    public void Restore()
    {
        foreach (var kept in _buffers)
            kept.Restore();
    }

    /// <summary>Leaves all as they are now.</summary>
    public void LetGo()
    {
        foreach (var kept in _buffers)
            kept.Copy.Dispose();
        _buffers = [];
    }

    public void Dispose()
    {
        Restore();
        LetGo();
    }

    private static IEnumerable<(string Name, Tensor Buffer)> Registered(nn.Module module) => module.named_buffers(recurse: false);

    // A module has a buffer by its name and mostly in a field, which is not the same to its code.
    private static IEnumerable<Home> Homes(nn.Module module, string name, Tensor buffer)
    {
        var isPersistent = module.named_buffers(recurse: false, include_nonpersistent: false).Any(item => item.name == name);
        yield return new(() => module.get_buffer(name), tensor => Register(module, name, tensor, isPersistent));
        for (var type = module.GetType(); type is not null; type = type.BaseType)
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (typeof(Tensor).IsAssignableFrom(field.FieldType) && ReferenceEquals(field.GetValue(module), buffer))
                    yield return new(() => (Tensor?)field.GetValue(module), tensor => field.SetValue(module, tensor));
            }
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ConditionallyRegisterBuffer")]
    private static extern void Register(nn.Module module, string name, Tensor value, bool persistent);

    /// <summary>A place where a module keeps a buffer.</summary>
    private sealed record Home(Func<Tensor?> Get, Action<Tensor> Set);

    /// <summary>A buffer, what it held, and where it was.</summary>
    private sealed class Kept(Tensor buffer, Home[] homes)
    {
        public Tensor Buffer { get; private set; } = buffer;

        public Tensor Copy { get; } = buffer.clone().DetachFromDisposeScope();

        public void Restore()
        {
            if (Buffer.IsInvalid)
                Buffer = Copy.clone().DetachFromDisposeScope();
            else
                Buffer.copy_(Copy);
            foreach (var home in homes.Where(home => !ReferenceEquals(home.Get(), Buffer)))
                home.Set(Buffer);
        }
    }
}
