using PreciseBn.Batches;
using PreciseBn.Native;
using static TorchSharp.torch;

namespace PreciseBn.Data;

/// <summary>Items that lie along the first dimension of one array for each input of the model.</summary>
internal sealed class ArraySamples : ISampleSource
{
    private readonly IReadOnlyList<ArrayPreparation> _inputs;
    private readonly IReadOnlyList<IDisposable> _files;
    private readonly string? _origin;
    private readonly IReadOnlyList<string> _names;

    /// <param name="inputs">One array for each input, of as many items each.</param>
    /// <param name="files">What to dispose of in the end.</param>
    /// <param name="origin">Where the items come from.</param>
    /// <param name="names">Names of the inputs.</param>
    /// <param name="areBatches">Whether each array is a batch as a whole; these need not have as many items each.</param>
    public ArraySamples(IReadOnlyList<ArrayPreparation> inputs, IReadOnlyList<IDisposable> files, string? origin, IReadOnlyList<string> names, bool areBatches)
    {
        _inputs = inputs;
        _files = files;
        _origin = origin;
        _names = names;
        if (Count > int.MaxValue)
            throw DataErrors.TooManyItems(inputs[0].Name, origin, Count);
        foreach (var input in inputs)
        {
            if (!areBatches && input.Count != inputs[0].Count)
                throw DataErrors.LengthsDiffer(inputs[0].Name, inputs[0].Count, input.Name, input.Count);
        }
    }

    public long Count => _inputs[0].Count;

    public Batch Load(IReadOnlyList<long> indices) =>
        new(_inputs.Select(input => Load(input, indices)).ToArray(), isOwned: true, _origin) { Names = _names };

    /// <summary>All items of each array.</summary>
    public Batch LoadAll() => new(
        _inputs.Select(input => Load(input, Enumerable.Range(0, (int)input.Count).Select(i => (long)i).ToArray())).ToArray(), isOwned: true, _origin)
    { Names = _names };

    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
    }

    private static Tensor Load(ArrayPreparation input, IReadOnlyList<long> indices)
    {
        var batch = empty([indices.Count, .. input.SampleShape], input.OutputType.ToScalarType());
        // One span is faster, where it can hold all.
        var isSmall = (long)indices.Count * input.OutputBytes <= int.MaxValue;
        var bytes = isSmall ? batch.bytes : default;
        for (var i = 0; i < indices.Count; i++)
            input.Load(indices[i], isSmall ? bytes.Slice(i * input.OutputBytes, input.OutputBytes) : TensorBytes.OfItems(batch, i));
        return batch;
    }
}
