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

    /// <param name="inputs">One array for each input, of as many items each.</param>
    /// <param name="files">What to dispose of in the end.</param>
    /// <param name="origin">Where the items come from.</param>
    public ArraySamples(IReadOnlyList<ArrayPreparation> inputs, IReadOnlyList<IDisposable> files, string? origin)
    {
        _inputs = inputs;
        _files = files;
        _origin = origin;
        if (Count > int.MaxValue)
            throw DataErrors.TooManyItems(inputs[0].Name, origin, Count);
        foreach (var input in inputs)
        {
            if (input.Count != inputs[0].Count)
                throw DataErrors.LengthsDiffer(inputs[0].Name, inputs[0].Count, input.Name, input.Count);
        }
    }

    public long Count => _inputs[0].Count;

    public Batch Load(IReadOnlyList<long> indices) =>
        new(_inputs.Select(input => Load(input, indices)).ToArray(), isOwned: true, _origin);

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
