using System.Reflection;

namespace PreciseBn.Models.Compiled;

/// <summary>Texts that are part of an assembly.</summary>
internal static class EmbeddedText
{
    /// <summary>One of this assembly.</summary>
    public static string Read(string name) => Read(Assembly.GetExecutingAssembly(), name);

    /// <summary>One of another.</summary>
    public static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
