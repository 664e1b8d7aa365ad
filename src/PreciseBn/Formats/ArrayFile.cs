namespace PreciseBn.Formats;

/// <summary>A file of numeric arrays, open for reading.</summary>
/// <param name="path">Path of the file.</param>
/// <param name="arrays">The arrays in the order of the file.</param>
/// <param name="source">What they are read from.</param>
internal sealed class ArrayFile(string path, IReadOnlyList<StoredArray> arrays, IDisposable source) : IDisposable
{
    public string Path { get; } = path;

    public IReadOnlyList<StoredArray> Arrays { get; } = arrays;

    /// <summary>The arrays that a model is meant to get, where the format says which of several; else empty.</summary>
    public IReadOnlyList<string> InputNames { get; init; } = [];

    /// <summary>Whether the file holds one array without a name, which goes by that of the file then.</summary>
    public bool IsUnnamed { get; init; }

    /// <summary>The columns that were taken of a table; else empty.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>What an array without a name goes by.</summary>
    public static string NameOf(string path)
    {
        var name = System.IO.Path.GetFileName(path);
        return System.IO.Path.GetFileNameWithoutExtension(name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name);
    }

    public void Dispose() => source.Dispose();
}
