using static TorchSharp.torch;

namespace PreciseBn.Batches;

/// <summary>How the numbers of a batch are scaled, roughly.</summary>
/// <param name="Mean">Their mean.</param>
/// <param name="Deviation">Their standard deviation.</param>
public sealed record InputScale(double Mean, double Deviation)
{
    /// <summary>Whether they may have been normalised to mean 0 and deviation 1, with the mean and deviation of some other data.</summary>
    public bool IsNormalized => Math.Abs(Mean) <= 1.5 && Deviation is >= 0.4 and <= 2.5;

    /// <summary>The scale of the first input; <c>null</c> where it has no real numbers, or has NaN or infinity.</summary>
    internal static InputScale? Of(Batch batch)
    {
        if (batch.Inputs.FirstOrDefault() is not { } input || !input.is_floating_point() || input.numel() < 2)
            return null;
        using var scope = NewDisposeScope();
        var numbers = input.to(ScalarType.Float32);
        var (mean, deviation) = (numbers.mean().item<float>(), numbers.std().item<float>());
        return float.IsFinite(mean) && float.IsFinite(deviation) ? new InputScale(mean, deviation) : null;
    }
}
