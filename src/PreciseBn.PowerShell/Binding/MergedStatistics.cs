using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>Statistics from Merge-BnStat that come through the pipeline, to be written into the model that they were measured on.</summary>
internal sealed class MergedStatistics
{
    private readonly List<BnStat> _layers = [];

    public int Count => _layers.Count;

    public BnResult Result => new(_layers);

    /// <summary>The model that they are of.</summary>
    /// <exception cref="PreciseBnException">It was one in memory.</exception>
    public string Path => _layers[0].Path ?? throw NoFileToWrite();

    /// <summary>Which of several programs there.</summary>
    public string? Program => _layers[0].Program;

    /// <summary>Takes what was merged; whether it was that.</summary>
    public bool TryAdd(object item)
    {
        if (ReceivedObjects.Restore(item) is not BnStat layer)
            return false;
        _layers.Add(layer);
        return true;
    }

    /// <exception cref="PreciseBnException">There are some, and models to measure as well.</exception>
    public void RequireNone()
    {
        if (Count > 0)
            throw ModelsAndMerged();
    }

    private static PreciseBnException ModelsAndMerged() => new(
        "ModelsAndMerged", ErrorKind.InvalidArgument, "There are both models to measure and statistics that were merged.",
        "Give these to calls of their own.");

    private static PreciseBnException NoFileToWrite() => new(
        "NoFileToWrite", ErrorKind.NotSupported,
        "The statistics were measured on a model in memory, so that there is no file to write them to.", "Write them to a file with Set-BnStat.");
}
