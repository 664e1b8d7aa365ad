using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Data;

/// <summary>Arrays that are told apart by their names.</summary>
/// <param name="Path">The file that they are in; <c>null</c> for arrays in memory.</param>
/// <param name="Arrays">The arrays.</param>
internal sealed record ArraySet(string? Path, IReadOnlyList<StoredArray> Arrays)
{
    /// <summary>The arrays that a model is meant to get, where the format of the file says which; else empty.</summary>
    public IReadOnlyList<string> InputNames { get; init; } = [];

    /// <summary>Whether there is one array, named after the file.</summary>
    public bool IsUnnamed { get; init; }

    public static ArraySet Of(ArrayFile file) => new(file.Path, file.Arrays) { InputNames = file.InputNames, IsUnnamed = file.IsUnnamed };

    /// <exception cref="PreciseBnException">There is no array of that name.</exception>
    public StoredArray Find(string name) => Arrays.FirstOrDefault(array => array.Name == name)
        ?? throw DataErrors.KeyNotFound(name, Path, Arrays.Select(array => array.Name));
}
