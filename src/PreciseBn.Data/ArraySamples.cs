using PreciseBn.Batches;
using PreciseBn.Native;
using static TorchSharp.torch;

namespace PreciseBn.Data;

/// <summary>Items that lie along the first dimension of one array for each input of the model.</summary>
internal sealed class ArraySamples : ISampleSource
{
    private readonly IReadOnlyList<ArrayPreparation> _inputs;
    private readonly ArrayPreparation? _labels;
    private readonly IReadOnlyList<IDisposable> _files;
    private readonly string? _origin;
    private readonly IReadOnlyList<string> _names;

    /// <param name="inputs">One array for each input, of as many items each.</param>
    /// <param name="labels">What the items are, an item each; <c>null</c> if that is not asked.</param>
    /// <param name="files">What to dispose of in the end.</param>
    /// <param name="origin">Where the items come from.</param>
    /// <param name="names">Names of the inputs.</param>
    /// <param name="areBatches">Whether each array is a batch as a whole; these need not have as many items each.</param>
    public ArraySamples(
        IReadOnlyList<ArrayPreparation> inputs, ArrayPreparation? labels, IReadOnlyList<IDisposable> files, string? origin, IReadOnlyList<string> names, bool areBatches)
    {
        _inputs = inputs;
        _labels = labels;
        _files = files;
        _origin = origin;
        _names = names;
        if (Count > int.MaxValue)
            throw DataErrors.TooManyItems(inputs[0].Name, origin, Count);
        foreach (var input in labels is null ? inputs : [.. inputs, labels])
        {
            if ((!areBatches || input == labels) && input.Count != inputs[0].Count)
                throw DataErrors.LengthsDiffer(inputs[0].Name, inputs[0].Count, input.Name, input.Count);
        }
    }

    public long Count => _inputs[0].Count;

    public Batch Load(IReadOnlyList<long> indices) =>
        Load(input => Load(input, indices));

    /// <summary>All items of each array.</summary>
    public Batch LoadAll() => Load(input => Load(input, Enumerable.Range(0, (int)input.Count).Select(i => (long)i).ToArray()));

    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
    }

    private Batch Load(Func<ArrayPreparation, Tensor> load) => new(_inputs.Select(load).ToArray(), isOwned: true, _origin)
    {
        Names = _names,
        Labels = _labels is null ? null : load(_labels),
    };

    private static Tensor Load(ArrayPreparation input, IReadOnlyList<long> indices)
    {
        var batch = empty([indices.Count, .. input.SampleShape], input.OutputType.ToScalarType());
        // One span is faster, where it can hold all.
        var isSmall = (long)indices.Count * input.OutputBytes <= int.MaxValue;
        var bytes = isSmall ? batch.bytes : default;
        for (var i = 0; i < indices.Count; i++)
            input.Load(indices[i], isSmall ? bytes.Slice(i * input.OutputBytes, input.OutputBytes) : TensorBytes.OfItems(batch, i));
        if (!input.IsNumber)
            return batch;
        using (batch)
            return batch.reshape([]);
    }
}

/// <summary>Arrays each of which is a batch already. The items are the batches.</summary>
internal sealed class ArrayBatches(IReadOnlyList<ArraySamples> batches, IReadOnlyList<IDisposable> files) : ISampleSource
{
    public long Count => batches.Count;

    public Batch? Load(IReadOnlyList<long> indices) => batches[(int)indices[0]].LoadAll();

    public void Dispose()
    {
        foreach (var file in files)
            file.Dispose();
    }
}
