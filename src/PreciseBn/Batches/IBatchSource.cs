using PreciseBn.Primitives;

namespace PreciseBn.Batches;

/// <summary>Data that can be read in batches, again and again.</summary>
public interface IBatchSource
{
    /// <summary>The number of batches, where it is known beforehand.</summary>
    long? BatchCount { get; }

    /// <summary>Reads the batches from the start. Whoever takes a batch disposes of it.</summary>
    /// <param name="cancellation">Ends the reading early.</param>
    /// <exception cref="PreciseBnException">The data cannot be read, or are not what a model can take.</exception>
    IEnumerable<Batch> Read(CancellationToken cancellation);
}
