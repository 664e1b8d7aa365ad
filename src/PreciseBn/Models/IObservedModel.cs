using PreciseBn.Data;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models;

/// <summary>
/// A model that runs on a batch and tells what its BatchNorm layers saw. The observed layers normalise by the statistics of
/// the batch; everything else does what it did when the model was saved.
/// </summary>
internal interface IObservedModel : IDisposable
{
    /// <summary>The observed layers.</summary>
    IReadOnlyList<BnModule> Layers { get; }

    /// <summary>How an observation is laid out.</summary>
    ObservationLayout Layout { get; }

    /// <summary>Number format of an observation.</summary>
    ScalarType ObservationType { get; }

    /// <summary>Where the model runs.</summary>
    Device Device { get; }

    /// <summary>Runs the model on a batch.</summary>
    /// <returns>The observation, shape [2, Width]; it holds until the next call and belongs to the model.</returns>
    /// <exception cref="PreciseBnException">The model does not accept the batch, or fails on it.</exception>
    Tensor Observe(Batch batch);

    /// <summary>Indices of the layers in the order in which the first batch reached them; empty before.</summary>
    IReadOnlyList<int> Order { get; }
}
