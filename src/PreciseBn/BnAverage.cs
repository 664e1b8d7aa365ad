namespace PreciseBn;

/// <summary>What came of averaging files.</summary>
public sealed record BnAverage
{
    /// <summary>Full path of the file with the average.</summary>
    public required string Path { get; init; }

    /// <summary>Its BatchNorm layers, whose statistics are those of the last file and are to be measured anew: see <see cref="BnModule.IsStale"/>.</summary>
    public required IReadOnlyList<BnModule> Layers { get; init; }

    /// <summary>How many tensors were averaged.</summary>
    public required int Tensors { get; init; }

    /// <summary>
    /// Floating-point tensors that differ between the files and are those of the last, as they are not of the model: they lie in a checkpoint beside
    /// its state_dicts.
    /// </summary>
    public required IReadOnlyList<string> LeftOut { get; init; }

    /// <summary>Calls of BatchNorm whose statistics could not be found out, so that they were averaged as all numbers were: a sentence for each.</summary>
    public required IReadOnlyList<string> UnaccountedCalls { get; init; }
}

/// <summary>How far averaging has come.</summary>
/// <param name="File">The file that was read last.</param>
/// <param name="Fraction">How much of all is done, from 0 to 1; 0 while the files are compared.</param>
public sealed record AverageProgress(string File, double Fraction);
