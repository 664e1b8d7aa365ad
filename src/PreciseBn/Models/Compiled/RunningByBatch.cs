using PreciseBn.Batches;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.Compiled;

/// <summary>A compiled model that runs as it is used, but for its layers, which normalise by the statistics of each batch.</summary>
/// <param name="name">The model, for messages.</param>
/// <param name="model">The same, with all layers observed; it is disposed of with this.</param>
internal sealed class RunningByBatch(string name, ObservedCompiledModel model) : IRunningModel
{
    /// <summary>How a model is observed so that all but the statistics is as if it were not.</summary>
    public static ObservationRules Rules(OutputOptions options) => new()
    {
        AllowReuse = true,
        AllowTf32 = true,
        MemoryFormat = MemoryFormat.Contiguous,
        Method = options.Method,
        Arguments = options.Arguments,
        AllowedOperators = options.AllowedOperators,
    };

    public Tensor Compute(Batch batch, long index)
    {
        using var reader = new ObservationReader(model.Layout, model.Device);
        reader.Add(model.Observe(batch));
        var output = model.TakeOutput();
        if (ObservationFault.Find(reader.Take()[0], model.Layout, model.Rules, index) is not { } fault)
            return output;
        output.Dispose();
        throw ObservationErrors.Explain(name, model, fault, batch.Origin);
    }

    public void Dispose() => model.Dispose();
}
