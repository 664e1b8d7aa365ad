using static TorchSharp.torch;

namespace PreciseBn.Batches;

/// <summary>The inputs of one forward pass.</summary>
/// <param name="inputs">One tensor for each input of the model, in that order.</param>
/// <param name="isOwned">Whether the tensors are disposed of with the batch; those that a caller keeps are not.</param>
/// <param name="origin">Where the data come from, for error messages; <c>null</c> if that is not known.</param>
public sealed class Batch(IReadOnlyList<Tensor> inputs, bool isOwned, string? origin = null) : IDisposable
{
    /// <summary>One tensor for each input of the model.</summary>
    public IReadOnlyList<Tensor> Inputs { get; } = inputs;

    /// <summary>Where the data come from; <c>null</c> if that is not known.</summary>
    public string? Origin { get; } = origin;

    /// <summary>Names of the inputs, for models that take a dictionary; <c>null</c> if they have none.</summary>
    public IReadOnlyList<string>? Names { get; init; }

    /// <summary>
    /// What its items are, an item each along the first dimension, such as the numbers of their classes; <c>null</c> where that is not
    /// known. It is disposed of with the inputs.
    /// </summary>
    public Tensor? Labels { get; init; }

    /// <summary>Number of items, by the first input.</summary>
    internal long ItemCount => Inputs.Count > 0 && Inputs[0].dim() > 0 ? Inputs[0].size(0) : 0;

    /// <summary>Whether its values go into the statistics; if not, the model only gets to know its data by it.</summary>
    internal bool IsCounted { get; private init; } = true;

    /// <summary>The same batch with copies of its tensors, which are its own: for a model that may change what it is given.</summary>
    internal Batch Copy() => new(Inputs.Select(input => input.clone().DetachFromDisposeScope()).ToArray(), isOwned: true, Origin)
    {
        IsCounted = IsCounted,
        Names = Names,
        Labels = Labels?.clone().DetachFromDisposeScope(),
    };

    /// <summary>Whether nobody else has its tensors.</summary>
    internal bool IsOwned { get; } = isOwned;

    /// <summary>The same batch, whose values do not go into the statistics; it takes the place of this one.</summary>
    internal Batch Uncounted() => new(Inputs, IsOwned, Origin) { IsCounted = false, Names = Names, Labels = Labels };

    /// <summary>The same batch with other tensors, which are not disposed of with it.</summary>
    internal Batch With(IReadOnlyList<Tensor> inputs) => new(inputs, isOwned: false, Origin) { IsCounted = IsCounted, Names = Names, Labels = Labels };

    /// <summary>The same batch with tensors that are its own; it takes the place of this one.</summary>
    internal Batch Own() => IsOwned ? this : Copy();

    /// <summary>The same batch with its inputs elsewhere; all of its tensors are its own. Labels stay where they are.</summary>
    /// <param name="move">Copies a tensor there.</param>
    internal Batch Moved(Func<Tensor, Tensor> move)
    {
        using var scope = NewDisposeScope();
        var moved = Inputs.Select(move).ToArray();
        return new([.. moved.Select(input => input.DetachFromDisposeScope())], isOwned: true, Origin)
        {
            IsCounted = IsCounted,
            Names = Names,
            Labels = Labels?.clone().DetachFromDisposeScope(),
        };
    }

    /// <summary>Names the batch in a sentence: its index, what it is made of and where it comes from.</summary>
    internal string Describe(long index)
    {
        var shapes = string.Join(", ", Inputs.Select(input => $"{input.dtype} [{string.Join(", ", input.shape)}]"));
        return $"batch {index} ({shapes}{(Origin is null ? "" : $", from {Origin}")})";
    }

    /// <summary>Disposes of the tensors, if they belong to the batch.</summary>
    public void Dispose()
    {
        if (!IsOwned)
            return;
        foreach (var input in Inputs)
            input.Dispose();
        Labels?.Dispose();
    }
}

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
