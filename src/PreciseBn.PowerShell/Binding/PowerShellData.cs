using System.Collections;
using System.Management.Automation;
using System.Runtime.CompilerServices;
using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.PowerShell;

/// <summary>Takes data out of the objects in which PowerShell wraps them.</summary>
internal static class PowerShellData
{
    /// <summary>Whatever was given as data, as a source of batches.</summary>
    /// <exception cref="PreciseBnException">It is nothing of which batches could be made.</exception>
    public static IBatchSource ToBatches(object data, IReadOnlyList<string> inputKeys, string? labelKey = null) => Unwrap(data) switch
    {
        IBatchSource source => source,
        Tensor tensor => new EnumerableBatchSource([tensor], inputKeys, labelKey),
        Array { Rank: > 1 } array => new EnumerableBatchSource([array], inputKeys, labelKey),
        ICollection collection and not IDictionary =>
            new EnumerableBatchSource(collection.Cast<object?>().Select(Unwrap).ToArray(), inputKeys, labelKey),
        IEnumerable sequence and not (string or IDictionary) =>
            new EnumerableBatchSource(sequence.Cast<object?>().Select(Unwrap), inputKeys, labelKey),
        IDictionary or ITuple or Batch => new EnumerableBatchSource([Unwrap(data)], inputKeys, labelKey),
        var other => throw NotData(other),
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

    private static PreciseBnException NotData(object? value) => new(
        "NotData", ErrorKind.InvalidArgument, $"An object of type {value?.GetType().Name ?? "null"} cannot be given to a model.",
        "Give a loader of New-BnDataLoader, a path, or tensors, arrays of numbers, or arrays, tuples or dictionaries of them.", value);

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
