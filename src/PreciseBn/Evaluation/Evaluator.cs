using System.Diagnostics;
using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Evaluation;

/// <summary>Runs data through models, each batch through all of them, so that they are judged by the same samples.</summary>
/// <typeparam name="T">What the judgement of a model is.</typeparam>
/// <param name="models">The models; the others are compared with the first.</param>
/// <param name="data">The data.</param>
/// <param name="options">How they are run.</param>
/// <param name="onFailed">Told which model cannot go on; the others do.</param>
/// <param name="progress">Told about every batch.</param>
internal abstract class Evaluator<T>(
    IReadOnlyList<IModelSource> models, IBatchSource data, OutputOptions options, Action<int, PreciseBnException> onFailed, IProgress<MeasureProgress>? progress)
    where T : BnEvaluation
{
    private readonly Candidate<T>?[] _candidates = new Candidate<T>?[models.Count];
    private readonly Stopwatch _clock = new();

    /// <summary>Judges the models.</summary>
    /// <returns>How each has done that has not failed.</returns>
    /// <exception cref="PreciseBnException">The data cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<T> Run(CancellationToken cancellation)
    {
        TorchLibrary.Require();
        using var memory = new RetainedHeap();
        using var threads = new ThreadLimit(options.Threads);
        try
        {
            for (var i = 0; i < models.Count; i++)
                TryEach(i, () => _candidates[i] = Load(models[i]));
            if (_candidates.All(candidate => candidate is null))
                return [];
            var batches = Resize();
            _clock.Start();
            var (done, samples) = (0L, 0L);
            foreach (var batch in batches.Read(cancellation))
            {
                using (batch)
                    samples += Judge(batch, done++);
                if (_candidates.All(candidate => candidate is null))
                    return [];
                progress?.Report(new MeasureProgress(Name(), done, batches.BatchCount ?? 0, _clock.Elapsed, 1, 1));
                cancellation.ThrowIfCancellationRequested();
            }
            return samples > 0 ? Results() : throw EvaluationErrors.NoSamples();
        }
        finally
        {
            foreach (var candidate in _candidates)
                candidate?.Dispose();
        }
    }

    /// <summary>Makes a model ready to be judged.</summary>
    protected abstract Candidate<T> Load(IModelSource model, Device device);

    /// <summary>The data in batches of the sizes that all models accept.</summary>
    protected abstract IBatchSource Fit(IBatchSource batches, SizeRange accepted);

    /// <summary>Refuses a batch by which no model could be judged.</summary>
    protected virtual void Require(Batch batch, long index)
    {
    }

    /// <summary>Completes what was found of a model by what was found of the data.</summary>
    protected virtual T Complete(T result) => result;

    private Candidate<T> Load(IModelSource model)
    {
        using var gradients = no_grad();
        return Load(model, model.FindDevice(options.Device));
    }

    private IBatchSource Resize()
    {
        var (first, sizes) = ("", SizeRange.Any);
        foreach (var model in models.Where((_, i) => _candidates[i] is not null && models[i].BatchSizes != SizeRange.Any))
        {
            var both = new SizeRange(Math.Max(sizes.Least, model.BatchSizes.Least), Math.Min(sizes.Most, model.BatchSizes.Most));
            if (both.Least > both.Most)
                throw EvaluationErrors.BatchSizesDiffer(first, sizes, model.Name, model.BatchSizes);
            (first, sizes) = (model.Name, both);
        }
        return Fit(data, sizes);
    }

    private long Judge(Batch batch, long index)
    {
        if (batch.ItemCount == 0)
            return 0;
        Require(batch, index);
        for (var i = 0; i < _candidates.Length; i++)
        {
            // A model may change what it is given.
            TryEach(i, () =>
            {
                using var copy = batch.IsOwned && i == _candidates.Length - 1 ? null : batch.Copy();
                _candidates[i]?.Judge(copy ?? batch, index);
            });
            if (i > 0 && _candidates[0] is { } reference)
                _candidates[i]?.CompareWith(reference);
        }
        return batch.ItemCount;
    }

    private void TryEach(int i, Action work)
    {
        try
        {
            work();
        }
        catch (PreciseBnException failure)
        {
            _candidates[i]?.Dispose();
            _candidates[i] = null;
            onFailed(i, failure);
        }
    }

    private T[] Results()
    {
        var reference = _candidates[0] is null ? null : NameOf(models[0]);
        return models.Zip(_candidates).Where(pair => pair.Second is not null)
            .Select(pair => Complete(pair.Second!.ToResult(NameOf(pair.First), pair.First == models[0] ? null : reference, data.Description))).ToArray();
    }

    private string Name() => string.Join(", ", models.Where((_, i) => _candidates[i] is not null).Select(NameOf));

    // The name of its file, where no other has the same.
    private string NameOf(IModelSource model)
    {
        static string InProgram(string name, IModelSource model) => model.Program is { } program ? $"{name} ({program})" : name;
        static string Short(IModelSource other) => InProgram(Path.GetFileName(other.Path) ?? other.Name, other);
        return models.Count(other => Short(other) == Short(model)) > 1 ? InProgram(model.Name, model) : Short(model);
    }
}
