using PreciseBn.Batches;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models;

/// <summary>
/// A model that runs on a batch and tells what its BatchNorm layers saw. The observed layers normalise by the statistics of
/// the batch; everything else does what it did when the model was saved.
/// </summary>
internal interface IObservedModel : IDisposable
{
    /// <summary>The layers that can be observed; from the start all of them are.</summary>
    IReadOnlyList<BnModule> Layers { get; }

    /// <summary>How an observation of those that are observed is laid out.</summary>
    ObservationLayout Layout { get; }

    /// <summary>Number format of an observation.</summary>
    ScalarType ObservationType { get; }

    /// <summary>Where the model runs.</summary>
    Device Device { get; }

    /// <summary>
    /// What observed means are less than those of the values, shape [Width], or <c>null</c> if nothing. Means far from 0 are
    /// observed so; it is known when the first batch has been observed, and stays.
    /// </summary>
    Tensor? Shift { get; }

    /// <summary>How it is observed.</summary>
    ObservationRules Rules { get; }

    /// <summary>In which way other than the usual the model runs, and why: a sentence or two; <c>null</c> if it runs as usual.</summary>
    string? Note { get; }

    /// <summary>Indices among <see cref="Layers"/> of those that are observed.</summary>
    IReadOnlyList<int> Observed { get; }

    /// <summary>Positions in <see cref="Observed"/> of the layers in the order in which the first batch reached them; empty before.</summary>
    IReadOnlyList<int> Order { get; }

    /// <summary>The segments that it can be run in, one after the other; <c>null</c> if it runs as a whole only.</summary>
    IModelSegments? Segments => null;

    /// <summary>Says which layers are observed from now on, and which normalise by given statistics.</summary>
    /// <param name="observed">Indices of the layers to observe.</param>
    /// <param name="settled">
    /// Statistics by which layers normalise, by index. One that is observed as well tells what it sees then; of the others, those that
    /// are observed normalise by the batch, and all else by its own.
    /// </param>
    void Configure(IReadOnlyList<int> observed, IReadOnlyDictionary<int, (double[] Mean, double[] Variance)> settled);

    /// <summary>Copies what running changes besides the statistics of its layers; whoever takes it disposes of it.</summary>
    IModelState CopyState();

    /// <summary>Runs the model on a batch.</summary>
    /// <returns>The observation, shape [2, Width]; it holds until the next call and belongs to the model.</returns>
    /// <exception cref="PreciseBnException">The model does not accept the batch, or fails on it.</exception>
    Tensor Observe(Batch batch);
}

/// <summary>What a model was at some time, besides the statistics of its layers.</summary>
internal interface IModelState : IDisposable
{
    /// <summary>What is not the same in another state of the model, by its names as far as they are known.</summary>
    IReadOnlyList<string> Differences(IModelState other);

    /// <summary>Makes the model what it was.</summary>
    void Restore();
}

/// <summary>
/// The segments of a model. Each starts from the values that the one before has left, and needs the statistics of layers of those before it,
/// and no others.
/// </summary>
internal interface IModelSegments
{
    /// <summary>The layers of each, by their indices among those of the model.</summary>
    IReadOnlyList<IReadOnlyList<int>> Layers { get; }

    /// <summary>The segment that is run when a batch is observed, whose layers are then to be configured; <c>null</c> is the whole model.</summary>
    int? Current { get; set; }

    /// <summary>The values that the last batch left for the next segment. Whoever takes them disposes of them.</summary>
    IReadOnlyList<Tensor> TakeValues();
}

/// <summary>A model that runs as it is used: in evaluation, by its own code and with the statistics that it has.</summary>
internal interface IRunningModel : IDisposable
{
    /// <summary>Runs the model on a batch. It may change the inputs.</summary>
    /// <param name="batch">The inputs, on its device.</param>
    /// <param name="index">Number of the batch, for messages.</param>
    /// <returns>The tensor that was chosen of what the model returns; it is the caller's.</returns>
    /// <exception cref="PreciseBnException">The model does not accept the batch, fails on it, or returns something else.</exception>
    Tensor Compute(Batch batch, long index);
}
