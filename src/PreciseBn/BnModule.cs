using PreciseBn.Files;
using PreciseBn.Models.Live;
using PreciseBn.Primitives;

namespace PreciseBn;

/// <summary>One BatchNorm layer with tracked statistics, as it is in a file or in a live model.</summary>
public sealed record BnModule : ILayerStatistics
{
    /// <summary>Path of the layer in the model, such as <c>layer1.0.bn1</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Other paths of the same layer, where the model has it under several.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Class of the layer, such as <c>BatchNorm2d</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Number of channels C.</summary>
    public int Channels => Mean.Length;

    /// <summary>
    /// Weight of a new batch in the running statistics; <c>null</c> means a cumulative average, NaN that the file does
    /// not say. A model traced in evaluation mode records a cumulative average as 0.
    /// </summary>
    public required double? Momentum { get; init; }

    /// <summary>What is added to the variance before its root is taken; NaN where the file does not say.</summary>
    public required double Eps { get; init; }

    /// <summary>Whether the layer has a weight and a bias.</summary>
    public required bool Affine { get; init; }

    /// <summary>Whether the layer was saved, or is, in training mode.</summary>
    public required bool Training { get; init; }

    /// <summary>Number of batches that went into the running statistics; <c>null</c> where it was not counted.</summary>
    public required long? BatchesTracked { get; init; }

    /// <summary>Running mean, shape [C].</summary>
    public required double[] Mean { get; init; }

    /// <summary>Running variance, shape [C].</summary>
    public required double[] Variance { get; init; }

    /// <summary>
    /// Whether the statistics are known to be of other weights than those that the model has, as in what <see cref="BnAverager"/> makes. A
    /// file cannot say so: of layers that are read from one this is <c>false</c>.
    /// </summary>
    public bool IsStale { get; init; }

    /// <summary>Number format in which the statistics are kept.</summary>
    public required DType DType { get; init; }

    /// <summary>Full path of the file; <c>null</c> for a live model.</summary>
    public string? Path { get; init; }

    /// <summary>Which of several programs in that file; <c>null</c> where it has no other.</summary>
    public string? Program { get; init; }

    /// <summary>Which file that was, so that another one in its place is told from it; <c>null</c> where that is not known.</summary>
    internal FileIdentity? File { get; init; }

    /// <summary>The layer itself, for a live model.</summary>
    internal LiveLayer? Live { get; init; }

    /// <summary>Which layer it is, for lists and messages.</summary>
    public override string ToString() => $"{Name} ({Type}, {Channels} channels)";
}

/// <summary>The statistics of one BatchNorm layer, wherever they come from.</summary>
public interface ILayerStatistics
{
    /// <summary>Path of the layer in the model.</summary>
    string Name { get; }

    /// <summary>Other paths of the same layer, where the model has it under several.</summary>
    IReadOnlyList<string> Aliases => [];

    /// <summary>Mean of each channel, shape [C].</summary>
    double[] Mean { get; }

    /// <summary>Variance of each channel, shape [C].</summary>
    double[] Variance { get; }

    /// <summary>What the layer adds to the variance before its root is taken; NaN where that is not known.</summary>
    double Eps { get; }

    /// <summary>Number of batches that went into them, as the layer counts them; <c>null</c> where that is not known.</summary>
    long? BatchesTracked { get; }

    /// <summary>Full path of the file that they are in or of; <c>null</c> where there is none.</summary>
    string? Path { get; }

    /// <summary>Which of several programs in that file; <c>null</c> where it has no other.</summary>
    string? Program => null;
}
