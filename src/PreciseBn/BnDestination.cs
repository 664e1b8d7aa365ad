using PreciseBn.Files;
using PreciseBn.Models;
using PreciseBn.Primitives;

namespace PreciseBn;

/// <summary>Looks at the files that results are to be written to, before there are any.</summary>
public static class BnDestination
{
    /// <summary>Makes sure, as far as that can be told, that a file can be written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="force">Whether it may be there already.</param>
    /// <exception cref="PreciseBnException">It could not be written.</exception>
    public static void Require(string path, bool force) => WritableFile.Require(SourceFile.FullPath(path), force);

    /// <summary>Makes sure that the name of a file does not say that it is anything else than statistics, which are in safetensors.</summary>
    /// <param name="path">The file that they are to be written to.</param>
    /// <exception cref="PreciseBnException">It does.</exception>
    public static void RequireEndingOfStatistics(string path) => FileEnding.Safetensors.Require(path, "statistics in safetensors");

    /// <summary>Makes sure that the name of a copy of a model does not say that it is a file of another kind.</summary>
    /// <param name="path">The file that it is to be written to.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="PreciseBnException">It does, or the model cannot be read.</exception>
    public static void RequireEndingOfModel(string path, string model)
    {
        if (Path.GetExtension(path).Equals(Path.GetExtension(model), StringComparison.OrdinalIgnoreCase))
            return;
        using var file = ModelFile.Open(SourceFile.FullPath(model));
        file.RequireEnding(path);
    }

    /// <summary>Makes sure that no file is there to which a model goes that is not its own.</summary>
    /// <param name="writes">The models, and the file that each is written to.</param>
    /// <exception cref="PreciseBnException">One is.</exception>
    public static void RequireFree(IReadOnlyList<(string Model, string Destination)> writes)
    {
        foreach (var (model, destination) in writes)
            Require(destination, WritableFile.IsSame(SourceFile.FullPath(model), SourceFile.FullPath(destination)));
    }

    /// <summary>Makes sure that no two of several models go to one file, and none to the file of another.</summary>
    /// <param name="writes">The models, and the file that each is written to.</param>
    /// <exception cref="PreciseBnException">They do.</exception>
    public static void RequireApart(IReadOnlyList<(string Model, string Destination)> writes)
    {
        var models = writes.Select(write => (write.Model, Key: KeyOf(write.Model))).DistinctBy(model => model.Key).ToDictionary(model => model.Key, model => model.Model);
        var taken = new Dictionary<object, string>();
        foreach (var (model, destination) in writes)
        {
            var key = KeyOf(destination);
            if (!taken.TryAdd(key, model))
                throw FileErrors.DestinationTwice(destination, taken[key], model);
            if (models.TryGetValue(key, out var other) && !key.Equals(KeyOf(model)))
                throw FileErrors.DestinationIsSource(other, model);
        }
    }

    /// <summary>
    /// How many other names (hard links) a file has. Replacing it leaves what stands under these as it is: they and the new file are
    /// no longer one.
    /// </summary>
    public static int CountOtherNames(string path) => WritableFile.CountOtherNames(path);

    private static object KeyOf(string path) => WritableFile.KeyOf(WritableFile.FollowLinks(SourceFile.FullPath(path))) switch
    {
        // What is not there yet is known by its name, which is the same in capitals but in Linux.
        string name when !OperatingSystem.IsLinux() => name.ToUpperInvariant(),
        var key => key,
    };
}

/// <summary>Where the file of a model with new statistics is written. A model in memory has no file, and takes nothing of this but <see cref="Force"/>.</summary>
public sealed record SaveOptions
{
    /// <summary>The file that the changed model is written to; <c>null</c> replaces the model itself.</summary>
    public string? Destination { get; init; }

    /// <summary>
    /// Whether a file that is already at the destination may be replaced; and whether a model may be changed where it is by data that are
    /// plainly scaled otherwise than those of its training, see <see cref="BnResult.IsScaledOtherwise"/>.
    /// </summary>
    public bool Force { get; init; }

    /// <summary>Whether what is replaced is kept, with <c>.bak</c>, or the first free of <c>.bak.1</c>, <c>.bak.2</c> and so on, appended to its name.</summary>
    public bool Backup { get; init; }
}
