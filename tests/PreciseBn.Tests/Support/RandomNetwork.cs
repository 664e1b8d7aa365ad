using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Tests.Support;

/// <summary>A <see cref="NetworkPlan"/> as a TorchSharp model in memory.</summary>
internal sealed class RandomNetwork : nn.Module<Tensor, Tensor>
{
    private readonly NetworkPlan _plan;
    private readonly BatchNorm1d[] _layers;
    private readonly Tensor[] _weights;

    public RandomNetwork(NetworkPlan plan)
        : base(nameof(RandomNetwork))
    {
        _plan = plan;
        _weights = plan.Steps.Select(step => step.Weights is { } weights ? tensor(weights) : empty(0)).ToArray();
        _layers = plan.Layers.Select(layer => nn.BatchNorm1d(layer.Weight.Length, eps: layer.Eps, dtype: ScalarType.Float64)).ToArray();
        for (var i = 0; i < _layers.Length; i++)
        {
            using var gradients = no_grad();
            _layers[i].weight!.copy_(tensor(plan.Layers[i].Weight));
            _layers[i].bias!.copy_(tensor(plan.Layers[i].Bias));
            register_module($"bn{i}", _layers[i]);
        }
        eval();
    }

    public override Tensor forward(Tensor input)
    {
        var x = input;
        for (var i = 0; i < _plan.Steps.Count; i++)
        {
            x = _plan.Steps[i].Kind switch
            {
                NetworkStepKind.Linear => x.matmul(_weights[i].t()),
                NetworkStepKind.BatchNorm => _layers[_plan.Steps[i].Layer].call(x),
                NetworkStepKind.BatchNormIfPositive => x.numel() > 0 && x[0, 0].item<double>() > 0 ? _layers[_plan.Steps[i].Layer].call(x) : x,
                NetworkStepKind.BatchNormOfSome => OfSome(x, _layers[_plan.Steps[i].Layer]),
                NetworkStepKind.Relu => nn.functional.relu(x),
                NetworkStepKind.DoubleInPlace => x.add_(x),
                _ => throw new InvalidOperationException(),
            };
        }
        return x;
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var weights in _weights)
            weights.Dispose();
        base.Dispose(disposing);
    }

    // Its output is not used any further.
    private static Tensor OfSome(Tensor x, BatchNorm1d layer)
    {
        using var some = x[x.select(1, 0) > zeros(1, ScalarType.Float64)];
        using var output = layer.call(some);
        return x;
    }
}
