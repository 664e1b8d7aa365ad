using System.Security.Cryptography;
using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Transfer;

namespace PreciseBn;

/// <summary>Statistics alone, in a safetensors file that Python's load_state_dict(strict=False) takes too.</summary>
public static class BnStatFile
{
    /// <summary>Writes statistics to a new file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="statistics">Objects of one model, <see cref="BnModule"/> or <see cref="BnStat"/>.</param>
    /// <param name="force">Whether a file that is already there may be replaced.</param>
    /// <exception cref="PreciseBnException">They are not of one model, or the file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<ILayerStatistics> statistics, bool force)
    {
        if (statistics.Count == 0)
            throw TransferErrors.NothingGiven();
        LayerMatching.RequireApart(statistics);
        BnDestination.RequireEndingOfStatistics(path);
        WritableFile.Require(path, force);

        var tensors = StatisticsArchive.ToTensors(statistics);
        foreach (var (key, value) in Provenance.Describe().Concat(Describe(statistics)))
            tensors.Metadata[key] = value;
        FileReplacement.Write(path, tensors.ToBytes(), force);
    }

    /// <summary>Reads statistics that were written so.</summary>
    /// <returns>Objects with the same values as those that were written.</returns>
    /// <exception cref="PreciseBnException">The file is missing, damaged, or of another kind.</exception>
    public static IReadOnlyList<ILayerStatistics> Read(string path)
    {
        using var file = SourceFile.Open(SourceFile.FullPath(path));
        return StatisticsArchive.Read(file);
    }

    private static IEnumerable<(string Key, string Value)> Describe(IReadOnlyList<ILayerStatistics> statistics)
    {
        if (statistics.OfType<BnStat>().Select(stat => stat.Estimator).Distinct().ToArray() is [var estimator])
            yield return ("precise_bn.estimator", estimator.ToString());
        if (statistics.Select(SourceOf).Distinct().ToArray() is not [{ Path: { } source }])
            yield break;
        yield return ("precise_bn.source", Path.GetFileName(source));
        if (HashOfSource(statistics) is { } hash)
            yield return ("precise_bn.source_sha256", hash);
    }

    /// <summary>The SHA-256 of the one file that statistics are in; <c>null</c> where there is none, or another in its place by now.</summary>
    internal static string? HashOfSource(IReadOnlyList<ILayerStatistics> statistics)
    {
        if (statistics.Select(SourceOf).Distinct().ToArray() is not [{ Path: { } source, Identity: { } identity }])
            return null;
        return FileStatus.At(source)?.Identity == identity && Hash(source) is var hash && FileStatus.At(source)?.Identity == identity ? hash : null;
    }

    private static (string? Path, FileIdentity? Identity) SourceOf(ILayerStatistics statistics) => statistics switch
    {
        BnModule module => (module.Path, module.File),
        BnStat stat => (stat.Path, stat.File),
        _ => default,
    };

    private static string Hash(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return Convert.ToHexString(SHA256.HashData(stream)).ToLowerInvariant();
    }

    internal static PreciseBnException NothingMeasured(string path) => new(
        "NothingMeasured", ErrorKind.InvalidData, $"'{path}' holds statistics of layers as they are, and none that were measured.",
        "Read them as statistics of layers.", path);
}
