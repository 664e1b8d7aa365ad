using System.Reflection;

namespace PreciseBn.Primitives;

/// <summary>Texts that are part of an assembly, with LF at the ends of lines whatever the checkout had that it was built from.</summary>
internal static class EmbeddedText
{
    /// <summary>One of this assembly.</summary>
    public static string Read(string name) => Read(Assembly.GetExecutingAssembly(), name);

    /// <summary>One of another.</summary>
    public static string Read(Assembly assembly, string name)
    {
        using var text = assembly.GetManifestResourceStream(name)!;
        return Read(text);
    }

    public static string Read(Stream text)
    {
        using var reader = new StreamReader(text);
        return reader.ReadToEnd().Replace("\r\n", "\n", StringComparison.Ordinal);
    }
}
