using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>Something whose BatchNorm statistics can be recomputed: a file, or a model in memory.</summary>
internal interface IRecalibrationTarget
{
    /// <summary>How messages name it.</summary>
    string Name { get; }

    /// <summary>Where the new statistics will be; <c>null</c> for a model in memory.</summary>
    string? Destination { get; }

    /// <summary>How many items a batch may have.</summary>
    SizeRange BatchSizes { get; }
    /// <summary>Tells the model from others, whatever the statistics of the layers in question are.</summary>
    ModelFingerprint Identify();

    /// <summary>Makes the model ready to run, without changing what the target is.</summary>
    /// <exception cref="PreciseBnException">It cannot run, or its statistics could not be written afterwards.</exception>
    IObservedModel Open(Device device, ObservationRules rules);

    /// <summary>Puts new statistics in the place of the old, all of them or none.</summary>
    void Commit(IReadOnlyList<BnStat> stats);
}
