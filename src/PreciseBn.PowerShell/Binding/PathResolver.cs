using System.Management.Automation;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>Turns what a user gives as a path, wildcards and PowerShell drives included, into paths of the file system.</summary>
internal static class PathResolver
{
    private const string FileSystem = "FileSystem";

    /// <summary>The files and folders that a path with wildcards stands for.</summary>
    /// <exception cref="PreciseBnException">There are none, or the path is not in the file system.</exception>
    public static IReadOnlyList<string> Resolve(PSCmdlet cmdlet, string path)
    {
        RefuseImpossible(path);
        try
        {
            var found = cmdlet.GetResolvedProviderPathFromPSPath(path, out var provider);
            if (provider.Name != FileSystem)
                throw NotAFile(path);
            return found.Count > 0 ? found : throw NoMatch(path);
        }
        catch (ItemNotFoundException)
        {
            throw NoMatch(path);
        }
        catch (System.Management.Automation.DriveNotFoundException)
        {
            throw NoMatch(path);
        }
    }

    /// <summary>The files and folders that a path with wildcards stands for just now, of which there may be none.</summary>
    /// <exception cref="PreciseBnException">The path is not in the file system.</exception>
    public static IReadOnlyList<string> Find(PSCmdlet cmdlet, string path)
    {
        try
        {
            return Resolve(cmdlet, path);
        }
        catch (PreciseBnException notYet) when (notYet.Kind == ErrorKind.NotFound)
        {
            return [];
        }
    }

    /// <summary>The one file or folder that a path stands for; it need not exist.</summary>
    /// <exception cref="PreciseBnException">The path is not in the file system.</exception>
    public static string ResolveLiteral(PSCmdlet cmdlet, string path)
    {
        RefuseImpossible(path);
        try
        {
            var resolved = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
            return provider.Name == FileSystem ? resolved : throw NotAFile(path);
        }
        catch (System.Management.Automation.DriveNotFoundException)
        {
            throw NoMatch(path);
        }
    }

    /// <summary>The one file, or folder, that is to be written.</summary>
    /// <exception cref="PreciseBnException">The path is not in the file system, or has wildcards.</exception>
    public static string ResolveOutput(PSCmdlet cmdlet, string path) =>
        Path.GetFileName(path).AsSpan().ContainsAny('*', '?') ? throw NoWildcards(path) : ResolveLiteral(cmdlet, path);

    private static void RefuseImpossible(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new PreciseBnException("InvalidPath", ErrorKind.InvalidArgument, "The path is empty.", "Give the path of a file.", path);
        if (path.Contains('\0'))
            throw new PreciseBnException(
                "InvalidPath", ErrorKind.InvalidArgument,
                $"'{path.Replace('\0', '\ufffd')}' is no path: it has a character in it that no name can have.", "Check the path.", path);
    }

    private static PreciseBnException NoWildcards(string path) => new(
        "InvalidPath", ErrorKind.InvalidArgument, $"'{path}' names no file that could be written: * and ? stand for other letters.",
        "Give the name of a file; for several models, a folder.", path);

    private static PreciseBnException NoMatch(string path) => new(
        "FileNotFound", ErrorKind.NotFound, $"There is no file '{path}'.", "Check the path.", path);

    private static PreciseBnException NotAFile(string path) => new(
        "NotAFilePath", ErrorKind.InvalidArgument, $"'{path}' is not in the file system.", "Give the path of a file.", path);
}
