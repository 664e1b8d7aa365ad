using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Speed;

/// <summary>
/// What a user of TorchSharp would write: averages of the statistics that each batch leaves in the buffers, layer by layer.
/// The momentum of a TorchScript layer cannot be set, so the buffers start from 0 and are divided by it.
/// </summary>
internal sealed class PlainPort(string path, IReadOnlyList<Tensor> batches) : IContestant
{
    public RunTimes Run(int iterations, BatchClock clock)
    {
        var momenta = Runs.Read(path).Layers.ToDictionary(layer => layer.Name, layer => layer.Momentum!.Value);
        using var gradients = no_grad();
        using var all = NewDisposeScope();
        using var model = jit.load<Tensor, Tensor>(path);
        model.train();
        var buffers = model.named_buffers().ToDictionary(item => item.name, item => item.buffer);
        var layers = momenta.SelectMany(layer => new[] { "running_mean", "running_var" }.Select(
            name => new Average(buffers[$"{layer.Key}.{name}"], layer.Value))).ToArray();

        clock.Start();
        for (var i = 0; i < iterations; i++)
        {
            using var scope = NewDisposeScope();
            foreach (var layer in layers)
                layer.Buffer.zero_();
            model.call(batches[i % batches.Count]);
            foreach (var layer in layers)
                layer.Add(i + 1);
            clock.Next();
        }
        return clock.Stop();
    }

    private sealed class Average(Tensor buffer, double momentum)
    {
        private readonly Tensor _value = zeros_like(buffer);

        public Tensor Buffer { get; } = buffer;

        public void Add(int count) => _value.add_(((Buffer / momentum) - _value) / count);
    }
}
