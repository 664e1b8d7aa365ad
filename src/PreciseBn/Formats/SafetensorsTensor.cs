using PreciseBn.Primitives;

namespace PreciseBn.Formats;

/// <summary>What the header of a safetensors file says of a tensor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">Number format.</param>
/// <param name="Shape">Size of each dimension.</param>
/// <param name="Position">Where its elements begin in the file.</param>
internal sealed record SafetensorsTensor(string Name, DType DType, IReadOnlyList<long> Shape, long Position);
