using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Sharding;

namespace PreciseBn;

/// <summary>Partial statistics in a safetensors file.</summary>
public static class BnPartialFile
{
    /// <summary>Writes the partial statistics of one run to a new file; it is there as a whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="partials">One object a layer, all of the same shard, or merged.</param>
    /// <param name="force">Whether a file that is already there may be replaced.</param>
    /// <exception cref="PreciseBnException">They are not of one run, or the file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<PartialBnStat> partials, bool force)
    {
        if (partials.Count == 0)
            throw PartialErrors.NothingGiven();
        if (partials.GroupBy(partial => partial.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw PartialErrors.SeveralRuns(twice.Key);
        BnDestination.RequireEndingOfStatistics(path);
        WritableFile.Require(path, force);
        PartialArchive.Write(path, force, new PartialContents(partials, IsFinished: true, new Dictionary<string, string>()));
    }

    /// <summary>Whether a file holds partial statistics.</summary>
    /// <exception cref="PreciseBnException">The file is missing or damaged.</exception>
    public static bool IsPartial(string path)
    {
        using var file = SourceFile.Open(SourceFile.FullPath(path));
        return PartialArchive.IsIn(file);
    }

    /// <summary>Reads partial statistics that were written so, or by a measurement with a checkpoint that has come to its end.</summary>
    /// <exception cref="PreciseBnException">The file is missing, damaged, of another kind, or of a measurement that has not ended.</exception>
    public static IReadOnlyList<PartialBnStat> Read(string path)
    {
        var full = SourceFile.FullPath(path);
        if (!File.Exists(full) && new PartialAttempts(full).Furthest() is var (_, attempt))
            throw PartialErrors.Unfinished(full, attempt.Partials[0]);
        using var file = SourceFile.Open(full);
        var contents = PartialArchive.Read(file);
        return contents.IsFinished ? contents.Partials : throw PartialErrors.Unfinished(file.Path, contents.Partials[0]);
    }
}
