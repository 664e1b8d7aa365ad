using PreciseBn.Batches;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models;

/// <summary>A model that runs as it is used: in evaluation, by its own code and with the statistics that it has.</summary>
internal interface IRunningModel : IDisposable
{
    /// <summary>Runs the model on a batch. It may change the inputs.</summary>
    /// <param name="batch">The inputs.</param>
    /// <param name="index">Number of the batch, for messages.</param>
    /// <returns>The tensor that was chosen of what the model returns; it is the caller's.</returns>
    /// <exception cref="PreciseBnException">The model does not accept the batch, fails on it, or returns something else.</exception>
    Tensor Compute(Batch batch, long index);
}
