using PreciseBn.Files;
using PreciseBn.Models;
using PreciseBn.Primitives;

namespace PreciseBn;

/// <summary>Files in which torch.export keeps programs by name, of which there may be several (torch.export.pt2_archive, PyTorch 2.8 and newer).</summary>
public static class BnPackage
{
    /// <summary>Names of the programs in a file, for <see cref="BnModel.Open(string, string?)"/>. Nothing of them is read.</summary>
    /// <param name="path">Any file.</param>
    /// <returns>The names, in the order of the file; none where it is of a kind that has no names for programs.</returns>
    /// <exception cref="PreciseBnException">The file is missing or damaged.</exception>
    public static IReadOnlyList<string> ListPrograms(string path) => ModelFile.ListPrograms(SourceFile.FullPath(path));
}
