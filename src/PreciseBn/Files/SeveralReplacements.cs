using System.Globalization;
using System.Text.RegularExpressions;
using PreciseBn.Primitives;

namespace PreciseBn.Files;

/// <summary>
/// Replaces several files that belong together, all or none. No file system does that at once: what each of them was lies beside it until
/// all are replaced, and is put back if one cannot be. What a killed process leaves of that is found by the next one.
/// </summary>
internal static class SeveralReplacements
{
    /// <summary>Under which name a file is kept beside itself, if it is one of several: they are replaced in the order of their numbers.</summary>
    public static string? KeptAs(string file, int index, int count)
    {
        if (count < 2)
            return null;
        var target = WritableFile.FollowLinks(file);
        return Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{index + 1}of{count}.old");
    }

    /// <summary>Puts the new files, which are prepared, in the places of the old.</summary>
    /// <param name="path">What they belong to, for messages.</param>
    /// <param name="replacements">The files, with the names under which they are kept.</param>
    /// <exception cref="PreciseBnException">One cannot be replaced; then all are what they were, or the message names those that are not.</exception>
    public static void Commit(string path, IReadOnlyList<FileReplacement> replacements)
    {
        // Those of a write that came to its end, and was killed behind that. They are older than what is replaced now.
        foreach (var old in replacements.SelectMany(replacement => Find(replacement.Destination)))
            TemporarySibling.Remove(old.Path);
        var done = 0;
        try
        {
            for (; done < replacements.Count; done++)
                replacements[done].Commit();
        }
        catch (PreciseBnException e) when (done > 0)
        {
            PutBack(path, replacements.Take(done).ToArray(), e);
            throw;
        }
        // One that cannot go keeps those behind it, so that a message names them together.
        _ = replacements.All(replacement => replacement.ForgetOld());
    }

    /// <summary>Puts back what has been replaced, after a failure.</summary>
    /// <exception cref="PreciseBnException">Not all could be put back.</exception>
    public static void PutBack(string path, IReadOnlyList<FileReplacement> replaced, PreciseBnException failure)
    {
        var left = new List<FileReplacement>();
        // The first is put back last: as long as what it was is kept, it is known that this has not come to its end.
        foreach (var replacement in replaced.Reverse())
        {
            try
            {
                replacement.Undo();
            }
            catch (PreciseBnException)
            {
                left.Insert(0, replacement);
            }
        }
        if (left.Count > 0)
            throw FileErrors.PartlyWritten(path, left.Select(replacement => (replacement.Destination, replacement.Kept!)).ToArray(), failure);
    }

    /// <summary>Makes sure that no process was killed while it replaced some of these files. As long as what the first was is kept, not all may be new.</summary>
    /// <exception cref="PreciseBnException">One was; the message says where the old files are.</exception>
    public static void RequireFinished(string path, IEnumerable<string> files)
    {
        var kept = files.Select(WritableFile.FollowLinks).SelectMany(file => Find(file).Select(old => (File: file, Old: old.Path, old.Number))).ToArray();
        if (kept.Any(old => old.Number == 1))
            throw FileErrors.BrokenOff(path, kept.OrderBy(old => old.Number).Select(old => (old.File, old.Old)).ToArray());
    }

    private static IEnumerable<(string Path, int Number)> Find(string file)
    {
        var name = new Regex($@"^\.{Regex.Escape(Path.GetFileName(file))}\.(\d+)of\d+\.old$", RegexOptions.CultureInvariant);
        try
        {
            return Directory.EnumerateFiles(Path.GetDirectoryName(file)!, ".*.old").Select(path => (path, Match: name.Match(Path.GetFileName(path))))
                .Where(item => item.Match.Success).Select(item => (item.path, int.Parse(item.Match.Groups[1].ValueSpan, CultureInfo.InvariantCulture))).ToArray();
        }
        catch (UnauthorizedAccessException)
        {
            // In a folder that may not be looked into.
            return [];
        }
    }
}
