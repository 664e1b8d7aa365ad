using System.IO.Compression;
using System.Text;

namespace PreciseBn.Tests.Support;

/// <summary>Writes changed copies of archives.</summary>
internal static class ArchiveEditor
{
    /// <summary>Copies an archive; the change gets each entry's name and bytes and returns new bytes, or null to drop it.</summary>
    public static void Rewrite(string source, string destination, Func<string, byte[], byte[]?> change)
    {
        using var input = ZipFile.OpenRead(source);
        using var output = new ZipArchive(File.Create(destination), ZipArchiveMode.Create);
        foreach (var entry in input.Entries)
        {
            using var stream = entry.Open();
            using var memory = new MemoryStream();
            stream.CopyTo(memory);
            if (change(entry.FullName, memory.ToArray()) is not { } bytes)
                continue;
            using var written = output.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
            written.Write(bytes);
        }
    }

    /// <summary>Copies an archive with a replacement in its source text.</summary>
    public static void RewriteCode(string source, string destination, string oldText, string newText) =>
        Rewrite(source, destination, (name, bytes) => name.EndsWith(".py", StringComparison.Ordinal)
            ? Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes).Replace(oldText, newText))
            : bytes);
}
