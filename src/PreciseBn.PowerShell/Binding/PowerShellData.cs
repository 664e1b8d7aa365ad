using System.Collections;
using System.Management.Automation;
using PreciseBn.Batches;
using PreciseBn.Data;
using static TorchSharp.torch;

namespace PreciseBn.PowerShell;

/// <summary>Takes data out of the objects in which PowerShell wraps them.</summary>
internal static class PowerShellData
{
    /// <summary>Whatever was given as data, as a source of batches.</summary>
    public static IBatchSource ToBatches(object data, IReadOnlyList<string> inputKeys, string? labelKey = null) => Unwrap(data) switch
    {
        IBatchSource source => source,
        Tensor tensor => new EnumerableBatchSource([tensor], inputKeys, labelKey),
        Array { Rank: > 1 } array => new EnumerableBatchSource([array], inputKeys, labelKey),
        ICollection collection and not IDictionary =>
            new EnumerableBatchSource(collection.Cast<object?>().Select(Unwrap).ToArray(), inputKeys, labelKey),
        IEnumerable sequence and not (string or IDictionary) =>
            new EnumerableBatchSource(sequence.Cast<object?>().Select(Unwrap), inputKeys, labelKey),
        var single => new EnumerableBatchSource([single], inputKeys, labelKey),
    };

    /// <summary>The path, wildcards allowed, if that is what was given as data: a text or an object of Get-Item.</summary>
    public static string? PathOf(object data) => Unwrap(data) switch
    {
        string path => path,
        FileSystemInfo item => WildcardPattern.Escape(item.FullName),
        _ => null,
    };

    /// <summary>The elements of a list that PowerShell made, or the object itself.</summary>
    public static IEnumerable<object> Flatten(object value) => Unwrap(value) switch
    {
        object?[] items => items.Select(Unwrap).OfType<object>(),
        var single => [single!],
    };

    /// <summary>The type of an object, or the one that it had before it was sent, without its namespace.</summary>
    public static string TypeName(PSObject item) => item.TypeNames.FirstOrDefault()?.Split('.')[^1] ?? "PSObject";

    /// <summary>What PowerShell has wrapped.</summary>
    public static object? Unwrap(object? value) => value switch
    {
        PSObject wrapped => Unwrap(wrapped.BaseObject),
        object?[] items when items.GetType() == typeof(object[]) => Array.ConvertAll(items, Unwrap),
        Hashtable table => Unwrap(table),
        _ => value,
    };

    private static Hashtable Unwrap(Hashtable table)
    {
        var unwrapped = new Hashtable(table.Count, StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry entry in table)
            unwrapped[entry.Key] = Unwrap(entry.Value);
        return unwrapped;
    }
}
