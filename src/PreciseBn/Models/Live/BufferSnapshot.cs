using System.Reflection;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

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
        var modules = model.named_modules().Select(item => item.module).Prepend(model)
            .Concat(UnregisteredModules.Find(model).Select(held => held.Module)).Distinct().ToArray();
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
