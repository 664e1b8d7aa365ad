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
