using System.Text.RegularExpressions;
using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Sharding;

/// <summary>
/// The attempts at one part. Each writes a file of its own beside it, and only one that is finished becomes the part: an attempt that
/// was given up and wakes later has nothing to write over, whether files can be locked where they lie or not.
/// </summary>
internal sealed class PartialAttempts
{
    private readonly string _part;
    private readonly string _own;

    /// <param name="part">The part; a symbolic link stands for the file it leads to.</param>
    public PartialAttempts(string part)
    {
        _part = WritableFile.FollowLinks(part);
        _own = $"{_part}.attempt-{Guid.NewGuid():N}";
    }

    /// <summary>The part if it is finished, and otherwise the attempt that has come furthest; <c>null</c> if there is none.</summary>
    /// <exception cref="PreciseBnException">At the place of the part is something else, or it is damaged.</exception>
    public (string Path, PartialContents Contents)? Furthest()
    {
        var part = File.Exists(_part) ? Read(_part) : null;
        if (part is { IsFinished: true })
            return (_part, part);
        // Another attempt may be about to replace, rename or remove its own; then it has come further than could be read.
        return Attempts().Select(path => (Path: path, Contents: TryRead(path))).Append((Path: _part, Contents: part))
            .Where(attempt => attempt.Contents is not null).OrderBy(attempt => attempt.Contents!.Partials[0].TotalBatches)
            .Select(attempt => ((string, PartialContents)?)(attempt.Path, attempt.Contents!)).LastOrDefault();
    }

    /// <summary>Saves this attempt, unless the part is finished: then nothing is left to be saved.</summary>
    /// <exception cref="PreciseBnException">It cannot be written.</exception>
    public void Save(PartialContents contents)
    {
        if (Finished() is not null)
            return;
        try
        {
            PartialArchive.Write(_own, overwrite: true, contents);
        }
        catch (PreciseBnException) when (Finished() is not null)
        {
            // Whoever has finished the part meanwhile has tidied up.
        }
    }

    /// <summary>Makes the part of this attempt, which is finished and saved, unless another was sooner.</summary>
    /// <returns>What the part holds.</returns>
    /// <exception cref="PreciseBnException">It cannot be written.</exception>
    public PartialContents Finish(PartialContents contents)
    {
        Save(contents);
        try
        {
            if (Finished() is null)
                WritableFile.Try(_part, () => FileSharing.Retry(Publish, FileSharing.MayBeViolation));
        }
        catch (PreciseBnException) when (Finished() is not null)
        {
            // It came between the look and the renaming.
        }
        var finished = Finished() ?? contents;
        Tidy();
        return finished;
    }

    /// <summary>Removes what attempts have left, where the finished part has overtaken it or nothing can come of it.</summary>
    public void Tidy()
    {
        foreach (var file in Attempts().Concat(Siblings(".", @"\.([0-9a-f]{32}\.tmp|lock)")))
            TemporarySibling.Remove(file);
    }

    // What is there and unfinished is less than this.
    private void Publish() => File.Move(_own, _part, overwrite: File.Exists(_part));

    private PartialContents? Finished() => File.Exists(_part) && Read(_part) is { IsFinished: true } finished ? finished : null;

    private IEnumerable<string> Attempts() => Siblings("", "");

    private string[] Siblings(string before, string after)
    {
        var name = new Regex($"^{Regex.Escape(before + Path.GetFileName(_part))}\\.attempt-[0-9a-f]{{32}}{after}$");
        try
        {
            return Directory.EnumerateFiles(Path.GetDirectoryName(_part)!, $"{before}*.attempt-*").Where(file => name.IsMatch(Path.GetFileName(file)))
                .Order(StringComparer.Ordinal).ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that is not there, or may not be looked into, tells of none.
            return [];
        }
    }

    private static PartialContents Read(string path)
    {
        using var file = SourceFile.Open(path);
        return PartialArchive.Read(file);
    }

    private static PartialContents? TryRead(string path)
    {
        try
        {
            return Read(path);
        }
        catch (PreciseBnException)
        {
            return null;
        }
    }
}
