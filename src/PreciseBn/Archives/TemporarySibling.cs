using System.Text.RegularExpressions;

namespace PreciseBn.Archives;

/// <summary>Names of the files that exist beside a file while it is being written: hidden, and telling what they belong to.</summary>
internal static class TemporarySibling
{
    /// <summary>A name that no other process has.</summary>
    public static string New(string file) => Named(file, $"{Guid.NewGuid():N}.tmp");

    /// <summary>The name of the lock, which is the same for all.</summary>
    public static string Lock(string file) => Named(file, "lock");

    /// <summary>What processes have left that were killed while they wrote the file.</summary>
    public static IEnumerable<string> Leftovers(string file)
    {
        var name = new Regex($@"^\.{Regex.Escape(Path.GetFileName(file))}\.[0-9a-f]{{32}}\.tmp$");
        return Directory.EnumerateFiles(Path.GetDirectoryName(file)!, ".*.tmp")
            .Where(sibling => name.IsMatch(Path.GetFileName(sibling)));
    }

    private static string Named(string file, string ending) =>
        Path.Combine(Path.GetDirectoryName(file)!, $".{Path.GetFileName(file)}.{ending}");
}
