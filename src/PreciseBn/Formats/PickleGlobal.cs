namespace PreciseBn.Formats;

/// <summary>The name of a Python class or function, which is all that is ever made of it here.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}
