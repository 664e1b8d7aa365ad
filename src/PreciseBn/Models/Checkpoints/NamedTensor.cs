using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Checkpoints;

/// <summary>A tensor in a file that holds tensors by name.</summary>
/// <param name="Name">Its name, with those of the dictionaries it is nested in.</param>
/// <param name="DType">Number format.</param>
/// <param name="Shape">Size of each dimension.</param>
/// <param name="Locate">Finds where its elements are.</param>
internal sealed record NamedTensor(string Name, DType DType, IReadOnlyList<long> Shape, Func<TensorSlot> Locate);
