using System.Management.Automation;
using PreciseBn.Data;

namespace PreciseBn.PowerShell;

/// <summary>Files whose order counts: as they are given, and those that a wildcard stands for in natural order, in which epoch-2 is before epoch-10.</summary>
internal sealed class FileSequence
{
    private readonly List<string> _files = [];

    public IReadOnlyList<string> Files => _files;

    /// <summary>Adds the files that paths with wildcards stand for, and those of paths that are taken as they are.</summary>
    public void Add(PSCmdlet cmdlet, IEnumerable<string> paths, IEnumerable<string> literalPaths)
    {
        foreach (var path in paths)
            _files.AddRange(InNaturalOrder(PathResolver.Resolve(cmdlet, path)));
        foreach (var path in literalPaths)
            _files.Add(PathResolver.ResolveLiteral(cmdlet, path));
    }

    /// <summary>Whether they are in the order of letters, as Get-ChildItem gives them, and that is another than the natural one.</summary>
    public bool IsOrderedByLetters =>
        _files.SequenceEqual(_files.Order(StringComparer.OrdinalIgnoreCase)) && !_files.SequenceEqual(InNaturalOrder(_files));

    private static IEnumerable<string> InNaturalOrder(IEnumerable<string> files) =>
        files.OrderByName(file => file.Replace(Path.DirectorySeparatorChar, '/'));
}
