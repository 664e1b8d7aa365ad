using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Speed;

/// <summary>The forward passes alone, in training mode: no way through TorchSharp can be faster.</summary>
internal sealed class BareForward(string path, IReadOnlyList<Tensor> batches) : IContestant
{
    public RunTimes Run(int iterations)
    {
        using var inference = inference_mode();
        using var model = jit.load<Tensor, Tensor>(path);
        model.train();
        var clock = new BatchClock();
        for (var i = 0; i < iterations; i++)
        {
            using (NewDisposeScope())
                model.call(batches[i % batches.Count]);
            clock.Next();
        }
        return clock.Stop();
    }
}
