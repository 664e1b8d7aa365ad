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
            var batches = Prepare();
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

    private Candidate<T> Load(IModelSource model) => Load(model, model.FindDevice(options.Device));

    // Most models are on one device, so that a batch goes there once.
    private UploadedBatches Prepare() => new(Resize(), _candidates.First(candidate => candidate is not null)!.Device);

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
            TryEach(i, () =>
            {
                if (_candidates[i] is not { } candidate)
                    return;
                // A model may change what it is given.
                using var own = UploadedBatches.TryUpload(batch, index, candidate.Device)
                    ?? (batch.IsOwned && i == _candidates.Length - 1 ? null : batch.Copy());
                candidate.Judge(own ?? batch, index);
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

/// <summary>A model that is judged, and how it has done so far.</summary>
/// <typeparam name="T">What the judgement is.</typeparam>
/// <param name="source">The model.</param>
/// <param name="device">Where it runs.</param>
internal abstract class Candidate<T>(IModelSource source, Device device) : IDisposable
    where T : BnEvaluation
{
    private long _gained;
    private long _lost;

    /// <summary>Where it runs.</summary>
    public Device Device => device;

    /// <summary>Which items of the last batch it has right; empty where nothing is right or wrong.</summary>
    public abstract IReadOnlyList<bool> Right { get; }

    /// <summary>Runs the model on a batch, and judges what it returns.</summary>
    /// <param name="batch">The batch, with at least one item and with its inputs there; the model may change it.</param>
    /// <param name="index">Number of the batch.</param>
    /// <exception cref="PreciseBnException">The model fails, or what it returns cannot be judged.</exception>
    public abstract void Judge(Batch batch, long index);

    /// <summary>Counts the items of the last batch that are right here and wrong there, and the other way round.</summary>
    public void CompareWith(Candidate<T> reference)
    {
        foreach (var (here, there) in Right.Zip(reference.Right))
        {
            _gained += here && !there ? 1 : 0;
            _lost += there && !here ? 1 : 0;
        }
    }

    /// <summary>How it has done.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="reference">What the model is called that it was compared with, if any.</param>
    /// <param name="data">The data, for people.</param>
    public T ToResult(string name, string? reference, string? data)
    {
        var result = Result(name) with { Path = source.Path, Program = source.Program, Device = device.ToString(), Data = data };
        return reference is null || result.Classes is null ? result : result with
        {
            Reference = reference,
            Gained = _gained,
            Lost = _lost,
            PValue = McNemar.PValue(_gained, _lost),
        };
    }

    public abstract void Dispose();

    /// <summary>What was found of the model alone.</summary>
    protected abstract T Result(string name);

    /// <summary>Runs a model, for what it returns; the tensor is the caller's.</summary>
    protected static Tensor Run(IRunningModel model, Batch batch, long index)
    {
        using var gradients = no_grad();
        using var output = model.Compute(batch, index);
        return output.Unmarked();
    }
}

/// <summary>
/// McNemar's test of two models on the same samples: only those tell them apart that one gets right and the other wrong, and if both
/// are right equally often, each of these falls to either side like a coin.
/// </summary>
internal static class McNemar
{
    /// <summary>How likely the coins fall as unevenly as this, to either side: 2 P(X ≤ the fewer) for X binomial, exact for any number.</summary>
    /// <param name="gained">Samples that the one gets right.</param>
    /// <param name="lost">Samples that the other gets right.</param>
    public static double PValue(long gained, long lost)
    {
        var (fewer, all) = (Math.Min(gained, lost), gained + lost);
        // Twice half of the coins and more is all that can happen.
        if (2 * fewer >= all - 1)
            return 1;
        // The logarithm of the largest term, all over fewer; the others follow from it.
        var logarithm = -all * Math.Log(2);
        for (var i = 1L; i <= fewer; i++)
            logarithm += Math.Log((double)(all - fewer + i) / i);
        var (term, sum) = (1.0, 1.0);
        for (var i = fewer; i > 0 && term > 0; i--)
        {
            term *= (double)i / (all - i + 1);
            sum += term;
        }
        return Math.Min(1, 2 * sum * Math.Exp(logarithm));
    }
}
