namespace PreciseBn;

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
