using System.Text.Json;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Exported;

/// <summary>Reads the JSON of exported programs.</summary>
internal static class ExportedJson
{
    private const int LargestText = 256 << 20;

    // Python writes these numbers as bare words, which JSON does not know.
    private static readonly byte[][] NotNumbers = [[.. "-Infinity"u8], [.. "Infinity"u8], [.. "NaN"u8]];

    /// <exception cref="PreciseBnException">The entry is no JSON.</exception>
    public static JsonElement Read(ZipContents zip, ZipEntry entry)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(QuoteNotNumbers(zip.ReadAll(entry, LargestText)));
        }
        catch (JsonException)
        {
            throw FileErrors.Damaged(zip.File.Path, $"its entry '{entry.Name}' is no JSON");
        }
    }

    /// <summary>Takes from JSON what it must have by its schema.</summary>
    /// <exception cref="PreciseBnException">It has something else there.</exception>
    public static T Interpret<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw FileErrors.Damaged(path, "its exported program is not what the schema of torch.export says");
        }
    }

    private static byte[] QuoteNotNumbers(byte[] json)
    {
        using var result = new MemoryStream(json.Length);
        var isText = false;
        for (var at = 0; at < json.Length;)
        {
            var word = isText ? null : NotNumbers.FirstOrDefault(word => json.AsSpan(at).StartsWith(word));
            if (word is not null)
            {
                result.WriteByte((byte)'"');
                result.Write(word);
                result.WriteByte((byte)'"');
                at += word.Length;
                continue;
            }
            var length = isText && json[at] == '\\' && at + 1 < json.Length ? 2 : 1;
            isText ^= json[at] == '"';
            result.Write(json, at, length);
            at += length;
        }
        return result.ToArray();
    }
}
