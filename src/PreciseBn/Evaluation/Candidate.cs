using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Evaluation;

/// <summary>A model that is judged, and how it has done so far.</summary>
/// <typeparam name="T">What the judgement is.</typeparam>
/// <param name="source">The model.</param>
internal abstract class Candidate<T>(IModelSource source) : IDisposable
    where T : BnEvaluation
{
    private long _gained;
    private long _lost;

    /// <summary>Which items of the last batch it has right; empty where nothing is right or wrong.</summary>
    public abstract IReadOnlyList<bool> Right { get; }

    /// <summary>Runs the model on a batch, and judges what it returns.</summary>
    /// <param name="batch">The batch, with at least one item; the model may change it.</param>
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
        var result = Result(name) with { Path = source.Path, Program = source.Program, Data = data };
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
