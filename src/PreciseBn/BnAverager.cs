using PreciseBn.Averaging;
using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn;

/// <summary>
/// Averages the weights of several files of one model, such as the checkpoints of its last epochs. Floating-point tensors are averaged in
/// float64 and rounded once to the format of the file; all else is as in the last file, the statistics of BatchNorm layers among
/// it, which belong to its weights and not to the average. Nothing that is in a file is executed, and no libtorch is needed.
/// </summary>
/// <example>
/// <code>
/// var average = BnAverager.Average(["epoch-8.pt", "epoch-9.pt", "epoch-10.pt"], "average.pt");
/// using var model = BnModel.Of(average.Layers).Single();
/// model.Update(data);
/// </code>
/// </example>
public static class BnAverager
{
    // Of the whole part of a weight.
    private const int MostBits = 64;

    /// <summary>Averages files and writes what comes of it.</summary>
    /// <param name="paths">
    /// At least two files of one architecture, saved in the same way: TorchScript models, exported programs, checkpoints of torch.save,
    /// safetensors. Their order counts.
    /// </param>
    /// <param name="destination">The file to write, which is none of them.</param>
    /// <param name="options">What each file counts for, and how it is written; by default all count the same.</param>
    /// <param name="progress">Told about every part of a file that was read, on the calling thread.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="PreciseBnException">
    /// A file is missing, damaged or of another model, has numbers that are not finite or tensors that have no average, or the destination
    /// cannot be written. Nothing has been written.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled. Nothing has been written.</exception>
    public static BnAverage Average(
        IReadOnlyList<string> paths, string destination, AverageOptions? options = null, IProgress<AverageProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var files = paths.Select(SourceFile.FullPath).ToArray();
        var weights = Weights(files, options);
        destination = SourceFile.FullPath(destination);
        if (files.Any(file => WritableFile.IsSame(file, destination)))
            throw AveragingErrors.DestinationIsInput(destination);
        WritableFile.Require(destination, options?.Force ?? false);

        using var averaging = new ModelAveraging(files, destination, weights, progress, cancellation);
        averaging.Write(destination, options ?? new());
        using var model = BnModel.Open(destination);
        return new BnAverage
        {
            Path = destination,
            Layers = model.Layers.Select(layer => layer with { IsStale = true }).ToArray(),
            Tensors = averaging.Tensors,
            LeftOut = averaging.LeftOut,
            UnaccountedCalls = model.UnaccountedCalls,
        };
    }

    /// <summary>What each file counts for in the average, so that all together are 1.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="options">What is asked for.</param>
    /// <exception cref="PreciseBnException">There are fewer than two files, or not as many as weights.</exception>
    public static IReadOnlyList<double> Shares(IReadOnlyList<string> paths, AverageOptions? options = null)
    {
        var weights = Weights(paths, options);
        var sum = weights.Sum();
        return weights.Select(weight => weight / sum).ToArray();
    }

    private static double[] Weights(IReadOnlyList<string> paths, AverageOptions? options)
    {
        if (paths.Count < 2)
            throw AveragingErrors.TooFew(paths);
        if (options is { Weights: not null, Decay: not null })
            throw OptionErrors.Refused(nameof(AverageOptions.Decay), options.Decay, "It is given without weights");
        if (options?.Decay is { } decay)
            return paths.Select((_, i) => Math.Pow(decay, paths.Count - 1 - i) * (i == 0 ? 1 : 1 - decay)).ToArray();
        var weights = options?.Weights ?? Enumerable.Repeat(1.0, paths.Count).ToArray();
        if (weights.Count != paths.Count)
            throw AveragingErrors.WrongWeightCount(weights.Count, paths.Count);
        // By a power of two, as whole numbers stay whole and sums of the largest numbers there are would be none.
        var exponent = Math.Max(0, Math.ILogB(weights.Max()) - MostBits);
        return weights.Select(weight => Math.ScaleB(weight, -exponent)).ToArray();
    }
}

/// <summary>What each of several files counts for in their average, and how that is written. What makes no sense is refused where it is set.</summary>
public sealed record AverageOptions
{
    /// <summary>
    /// What each file counts for, in the order of the files: numbers of any size, of which only their proportions matter; <c>null</c> lets all
    /// count the same.
    /// </summary>
    public IReadOnlyList<double>? Weights
    {
        get;
        init => field = value is null || (value.All(weight => weight is >= 0 and < double.PositiveInfinity) && value.Any(weight => weight > 0))
            ? value is null ? null : [.. value]
            : throw OptionErrors.Refused(nameof(Weights), string.Join(", ", value.Select(weight => FormattableString.Invariant($"{weight}"))), "They are finite numbers of 0 or more, and not all of them 0");
    }

    /// <summary>
    /// Makes it an exponential moving average in the order of the files: the first is its beginning, and with each of the others it becomes
    /// this times the average so far, and the rest of 1 times that file. <c>null</c> makes it none.
    /// </summary>
    public double? Decay
    {
        get;
        init => field = value is null or (>= 0 and < 1) ? value : throw OptionErrors.Refused(nameof(Decay), value, "It is a number from 0 to less than 1");
    }

    /// <summary>Whether a file that is already at the destination may be replaced.</summary>
    public bool Force { get; init; }

    /// <summary>Whether what is replaced is kept, with <c>.bak</c>, or the first free of <c>.bak.1</c>, <c>.bak.2</c> and so on, appended to its name.</summary>
    public bool Backup { get; init; }
}

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
