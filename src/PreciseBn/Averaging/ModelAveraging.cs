using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Averaging;

/// <summary>The average of several files, which are compared with the last of them before anything is written.</summary>
internal sealed class ModelAveraging : IDisposable
{
    private readonly InputModel _last;
    private readonly IReadOnlyList<WeightBlock> _blocks;
    private readonly List<InputWeights> _inputs = [];
    private readonly SortedSet<string> _leftOut = new(StringComparer.Ordinal);
    private readonly IProgress<AverageProgress>? _progress;
    private readonly CancellationToken _cancellation;

    /// <param name="paths">The files, in their order.</param>
    /// <param name="destination">What the average is to be written to.</param>
    /// <param name="weights">What each counts for.</param>
    /// <param name="progress">Told about every file that was compared or read.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="PreciseBnException">One of them cannot be averaged, or not with the others.</exception>
    public ModelAveraging(IReadOnlyList<string> paths, string destination, IReadOnlyList<double> weights, IProgress<AverageProgress>? progress, CancellationToken cancellation)
    {
        _progress = progress;
        _cancellation = cancellation;
        _last = InputModel.Open(paths[^1]);
        try
        {
            _last.Model.RequireEnding(destination);
            _blocks = _last.FindBlocks();
            if (_blocks.Count == 0)
                throw AveragingErrors.NoWeights(_last.Model);
            Compare(paths, weights);
        }
        catch
        {
            _last.Dispose();
            throw;
        }
    }

    /// <summary>How many tensors are averaged.</summary>
    public int Tensors => _blocks.Sum(block => block.Tensors.Count(tensor => block.Averaged.Any(range => range.Start < tensor.End && range.End > tensor.Offset)));

    /// <summary>Floating-point tensors beside the model that are not the same in all files.</summary>
    public IReadOnlyList<string> LeftOut => [.. _leftOut];

    /// <summary>Writes the average.</summary>
    /// <exception cref="PreciseBnException">A number is not finite, a file is damaged or has changed, or the destination cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Write(string destination, AverageOptions options)
    {
        using var replacement = new FileReplacement(destination, _last.File, options.Force, options.Backup);
        var writer = new AverageWriter(_last.File, _inputs, _blocks, _progress);
        replacement.Prepare(copy => writer.Write(copy, _cancellation), _cancellation);
        replacement.RequireUnchanged();
        _cancellation.ThrowIfCancellationRequested();
        replacement.Commit();
    }

    public void Dispose() => _last.Dispose();

    private void Compare(IReadOnlyList<string> paths, IReadOnlyList<double> weights)
    {
        var known = new Dictionary<(ulong, ulong), string> { [NumberOf(_last)] = paths[^1] };
        for (var i = 0; i < paths.Count - 1; i++)
        {
            _cancellation.ThrowIfCancellationRequested();
            _progress?.Report(new AverageProgress(paths[i], 0));
            using var model = InputModel.Open(paths[i]);
            if (!known.TryAdd(NumberOf(model), paths[i]))
                throw AveragingErrors.SameFile(paths[i], known[NumberOf(model)]);
            var differences = new ModelDifferences(model, _last);
            if (differences.Find(_cancellation) is { Count: > 0 } found)
                throw AveragingErrors.Differ(paths[i], paths[^1], found);
            _leftOut.UnionWith(differences.Beside(_cancellation));
            _inputs.Add(new InputWeights(model, weights[i], _blocks));
        }
        _inputs.Add(new InputWeights(_last, weights[^1], _blocks));
    }

    private static (ulong Volume, ulong Index) NumberOf(InputModel model) => (model.File.Identity.Volume, model.File.Identity.Index);
}
