using PreciseBn.Batches;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Compiled;

/// <summary>A compiled model that can be run in segments.</summary>
internal interface ISegmentedModel
{
    /// <summary>The layers of each segment, by their indices; none where the model runs as a whole only.</summary>
    IReadOnlyList<IReadOnlyList<int>> Segments { get; }

    /// <summary>Runs a segment, for what its layers leave in their cells.</summary>
    /// <param name="segment">Which one.</param>
    /// <param name="batch">The inputs, or the values that the segment before has left; they stay as they are but for inputs.</param>
    /// <param name="index">Number of the batch, for messages.</param>
    /// <returns>The values that the next one starts from. Whoever takes them disposes of them.</returns>
    /// <exception cref="PreciseBnException">The model does not accept the batch, or fails on it.</exception>
    IReadOnlyList<Tensor> RunSegment(int segment, Batch batch, long index);
}

/// <summary>Which segment of a compiled model is run, and what the last batch left there.</summary>
internal sealed class CompiledSegments(ISegmentedModel model) : IModelSegments, IDisposable
{
    private IReadOnlyList<Tensor> _values = [];

    public IReadOnlyList<IReadOnlyList<int>> Layers => model.Segments;

    public int? Current { get; set; }

    /// <summary>Whether batches are values that the model leaves as they are.</summary>
    public bool KeepsBatches => Current > 0;

    /// <summary>Runs the current segment.</summary>
    public void Run(Batch batch, long index)
    {
        Dispose();
        _values = model.RunSegment(Current!.Value, batch, index);
    }

    public IReadOnlyList<Tensor> TakeValues()
    {
        var values = _values;
        _values = [];
        return values;
    }

    public void Dispose()
    {
        foreach (var value in TakeValues())
            value.Dispose();
    }
}
