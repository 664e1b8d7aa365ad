using System.Collections.Frozen;
using PreciseBn.Primitives;

namespace PreciseBn.Files;

/// <summary>Tells beforehand, as far as that can be told, whether a file can be replaced or made.</summary>
internal static class WritableFile
{
    /// <summary>The file itself that a path leads to; a symbolic link stands for the file at its end.</summary>
    /// <exception cref="PreciseBnException">It is no path, or the links lead nowhere, as in a circle.</exception>
    public static string FollowLinks(string path)
    {
        if (path.Contains('\0'))
            throw FileErrors.ImpossiblePath(path);
        try
        {
            return new FileInfo(path) is { LinkTarget: not null } link
                ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName
                : Path.GetFullPath(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileErrors.ReadFailed(path, e);
        }
    }

    /// <summary>Whether two paths lead to one file, as <c>m.pt</c> and <c>M.PT</c> do where the file system says so.</summary>
    public static bool IsSame(string path, string other) => FollowLinks(path) == FollowLinks(other) || KeyOf(path).Equals(KeyOf(other));

    /// <summary>What is equal for all paths that lead to one file, and only for these.</summary>
    public static object KeyOf(string path)
    {
        try
        {
            // One of several names of a file is a file of its own: replacing it leaves the others as they are.
            if (FileStatus.At(path) is { Links: 1, IsRegular: true } status)
                return (status.Identity.Volume, status.Identity.Index);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What may not be looked at is known by its path alone.
        }
        return path;
    }

    /// <summary>How many names a file has besides that of the path; 0 if there is none.</summary>
    public static int CountOtherNames(string path)
    {
        try
        {
            return FileStatus.At(path) is { IsRegular: true, Links: > 1 } status ? (int)status.Links - 1 : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <param name="path">The file.</param>
    /// <param name="overwrite">Whether it may be there already.</param>
    /// <exception cref="PreciseBnException">
    /// It is there, read-only, or no file with contents of its own, or its folder is missing or not to be written in.
    /// </exception>
    public static void Require(string path, bool overwrite = true)
    {
        var file = FollowLinks(path);
        if (Directory.Exists(file))
            throw FileErrors.IsDirectory(file);
        Try(file, () =>
        {
            RegularFile.Require(path);
            if (!overwrite && File.Exists(file))
                throw FileErrors.DestinationExists(path);
            if (File.Exists(file) && File.GetAttributes(file).HasFlag(FileAttributes.ReadOnly))
                throw FileErrors.ReadOnly(file);
            var probe = TemporarySibling.New(file);
            TemporarySibling.Create(probe, isPrivate: true).Dispose();
            // Whoever writes the file meanwhile may have taken it for a leftover.
            TemporarySibling.Remove(probe);
        });
    }

    /// <summary>Runs what writes a file; what the operating system refuses comes as an error for the user.</summary>
    public static void Try(string file, Action action)
    {
        try
        {
            action();
        }
        catch (DirectoryNotFoundException)
        {
            throw FileErrors.NoSuchFolder(file);
        }
        catch (Exception e) when (FileSharing.IsViolation(e) || (FileSharing.MayBeViolation(e) && FileSharing.IsInUse(file)))
        {
            throw FileErrors.InUse(file, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw FileErrors.AccessDenied(file, e);
        }
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException)
        {
            // The latter is how .NET says that a file is larger than the file system or a quota allows.
            throw FileErrors.WriteFailed(file, e);
        }
    }
}

/// <summary>What the ending of a name says of a file. Most programs go by it, so that a file of another kind would be lost on them.</summary>
/// <param name="Usual">The ending, or the most usual of several for one kind.</param>
/// <param name="Files">What files are that end so, in words.</param>
internal sealed record FileEnding(string Usual, string Files)
{
    public static readonly FileEnding Torch = new(".pt", "models and tensors that torch.save or torch.jit.save wrote");
    public static readonly FileEnding Program = new(".pt2", "programs of torch.export");
    public static readonly FileEnding Safetensors = new(".safetensors", "safetensors files");
    public static readonly FileEnding Page = new(".html", "pages in HTML");
    public static readonly FileEnding Pixels = new(".png", "pictures in PNG");
    public static readonly FileEnding Drawing = new(".svg", "drawings in SVG");

    private static readonly FrozenDictionary<string, FileEnding> Known = Endings(
        (Torch, ".pt .pth .ts .ckpt .pkl"), (Program, ".pt2"), (Safetensors, ".safetensors"), (Page, ".html .htm"), (Pixels, ".png"), (Drawing, ".svg"),
        (new(".npz", "arrays of NumPy"), ".npy .npz"), (new(".csv", "tables"), ".csv .tsv .parquet .pq .xlsx"), (new(".txt", "text"), ".txt .md .log .json .xml .yaml .yml .ps1 .py"),
        (new(".jpg", "pictures"), ".jpg .jpeg .gif .bmp .webp"), (new(".pdf", "documents"), ".pdf .docx"),
        (new(".onnx", "models of other kinds"), ".onnx .h5 .keras .gguf .tflite"));

    /// <summary>Makes sure that a name does not say that a file is what it will not be. An ending that says nothing is as good as none.</summary>
    /// <param name="path">The file that is to be written.</param>
    /// <param name="what">What it will be, in words.</param>
    /// <param name="like">A file of the same kind, as whose name others may end, too.</param>
    /// <exception cref="Primitives.PreciseBnException">It does.</exception>
    public void Require(string path, string what, string? like = null)
    {
        var ending = Path.GetExtension(path);
        if (Known.TryGetValue(ending, out var known) && known != this && !ending.Equals(Path.GetExtension(like), StringComparison.OrdinalIgnoreCase))
            throw FileErrors.WrongEnding(path, what, ending, known.Files, Usual);
    }

    private static FrozenDictionary<string, FileEnding> Endings(params (FileEnding Kind, string Endings)[] kinds) => kinds
        .SelectMany(kind => kind.Endings.Split(' ').Select(ending => (ending, kind.Kind)))
        .ToFrozenDictionary(item => item.ending, item => item.Kind, StringComparer.OrdinalIgnoreCase);
}
