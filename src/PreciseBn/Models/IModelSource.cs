using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models;

/// <summary>A model that has BatchNorm layers, wherever it is: a file, or a module in memory.</summary>
internal interface IModelSource : IDisposable
{
    /// <summary>How messages name it.</summary>
    string Name { get; }

    /// <summary>Full path of the file; <c>null</c> for a module in memory.</summary>
    string? Path { get; }

    /// <summary>Which of several programs in the file it is; <c>null</c> where there is no other. Until the file is opened, what was asked for.</summary>
    string? Program { get; }

    /// <summary>Which file it is; <c>null</c> if it is none, or several.</summary>
    FileIdentity? Identity { get; }

    /// <summary>Its layers as they are now, in the order in which they were defined.</summary>
    /// <exception cref="PreciseBnException">The file is missing, damaged or of another kind.</exception>
    IReadOnlyList<BnModule> Layers { get; }

    /// <summary>Names of BatchNorm layers that keep no statistics, as far as it is known.</summary>
    IReadOnlyList<string> UntrackedLayers { get; }

    /// <summary>Calls of BatchNorm whose statistics could not be found out: a sentence for each, with its place in the code.</summary>
    IReadOnlyList<string> UnaccountedCalls { get; }

    /// <summary>Operators in its code that do more than compute.</summary>
    IReadOnlyList<string> OperatorsBeyondNumbers { get; }

    /// <summary>What it is, as the end of a sentence that begins with its name; for when it has no BatchNorm.</summary>
    string Contents { get; }

    /// <summary>How many items a batch may have.</summary>
    SizeRange BatchSizes { get; }

    /// <summary>What is locked while the model runs.</summary>
    object Gate { get; }

    /// <summary>The device that a user names, or the one to run on if none is named.</summary>
    /// <exception cref="PreciseBnException">There is no such device.</exception>
    Device FindDevice(string? name);

    /// <summary>Which statistics of these layers are those of other programs in the file, too: a sentence for each.</summary>
    /// <exception cref="PreciseBnException">It lacks a layer, or the file is damaged.</exception>
    IReadOnlyList<string> FindShared(IReadOnlyCollection<string> layers);

    /// <summary>Tells the model from others, whatever the statistics of some layers are.</summary>
    ModelFingerprint Identify(IReadOnlyCollection<string> layers);

    /// <summary>Makes the model ready to run, without changing it.</summary>
    /// <exception cref="PreciseBnException">It cannot run, or lacks a layer.</exception>
    IObservedModel Load(IReadOnlyCollection<string> layers, ObservationRules rules, Device device);

    /// <summary>Makes the model ready to run as it is, without changing it.</summary>
    /// <exception cref="PreciseBnException">It cannot run, or returns no such tensor.</exception>
    IRunningModel LoadToRun(OutputOptions options, Device device);

    /// <summary>Makes the model ready to run likewise, but with its layers normalising by the statistics of each batch.</summary>
    /// <exception cref="PreciseBnException">It cannot run, returns no such tensor, or has no layers.</exception>
    IRunningModel LoadToRunByBatch(OutputOptions options, Device device);

    /// <summary>Makes sure that statistics can be written, before there are any.</summary>
    /// <exception cref="PreciseBnException">They could not be written so.</exception>
    IStatisticsSink PrepareToWrite(SaveOptions options);
}

/// <summary>Takes new statistics.</summary>
internal interface IStatisticsSink
{
    /// <summary>The file that has them then; <c>null</c> for a module in memory.</summary>
    string? Destination { get; }

    /// <summary>Puts statistics in the place of the old, all of them or none.</summary>
    /// <param name="statistics">The statistics by the name of the layer.</param>
    /// <param name="cancellation">Stops a long write before anything is changed.</param>
    /// <exception cref="PreciseBnException">They do not fit, or cannot be written; everything is as it was.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; everything is as it was.</exception>
    void Write(IReadOnlyDictionary<string, ILayerStatistics> statistics, CancellationToken cancellation);
}
