using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Speed;

/// <summary>The forward passes alone, in training mode: no way through TorchSharp can be faster.</summary>
internal sealed class BareForward(string path, IReadOnlyList<Tensor> batches, MemoryFormat format = MemoryFormat.Contiguous) : IContestant
{
    public RunTimes Run(int iterations, BatchClock clock)
    {
        using var inference = inference_mode();
        using var model = jit.load<Tensor, Tensor>(path);
        model.train();
        if (format == MemoryFormat.ChannelsLast)
            ArrangeWeights(model);
        clock.Start();
        for (var i = 0; i < iterations; i++)
        {
            using (NewDisposeScope())
                model.call(format == MemoryFormat.ChannelsLast ? Arrange(batches[i % batches.Count]) : batches[i % batches.Count]);
            clock.Next();
        }
        return clock.Stop();
    }

    private static void ArrangeWeights(nn.Module model)
    {
        using var scope = NewDisposeScope();
        foreach (var weight in model.parameters().Where(weight => weight.dim() >= 4))
            weight.set_(Arrange(weight));
    }

    private static Tensor Arrange(Tensor tensor) => tensor.dim() switch
    {
        4 => tensor.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2),
        5 => tensor.permute(0, 2, 3, 4, 1).contiguous().permute(0, 4, 1, 2, 3),
        _ => tensor,
    };
}
