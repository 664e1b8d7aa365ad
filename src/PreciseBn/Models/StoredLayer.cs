using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models;

/// <summary>A BatchNorm layer of a file, and where its statistics stand in it.</summary>
/// <param name="Module">The layer.</param>
/// <param name="Mean">Where the running mean is.</param>
/// <param name="Variance">Where the running variance is.</param>
/// <param name="BatchesTracked">Where the count of batches is, if the layer has one.</param>
internal sealed record StoredLayer(BnModule Module, TensorSlot Mean, TensorSlot Variance, TensorSlot? BatchesTracked)
{
    /// <summary>Whether neighbours of the mean or of the variance do not lie side by side.</summary>
    public bool HasStride => Mean.Stride != Mean.DType.Size() || Variance.Stride != Variance.DType.Size();
}
