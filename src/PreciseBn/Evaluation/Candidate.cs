using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Evaluation;

/// <summary>A model that is judged, and how it has done so far.</summary>
/// <param name="source">The model.</param>
/// <param name="running">The same, ready to run.</param>
/// <param name="device">Where it runs.</param>
/// <param name="metric">What is measured in place of accuracy, if anything.</param>
internal sealed class Candidate(IModelSource source, IRunningModel running, Device device, Func<Tensor, Tensor?, IReadOnlyList<double>>? metric = null) : IDisposable
{
    private readonly ClassTally _classes = new(source.Name);
    private readonly MetricTally? _metric = metric is null ? null : new(source.Name, metric);
    private long _gained;
    private long _lost;

    /// <summary>Which items of the last batch it put into the right class.</summary>
    public bool[] Right => _classes.Right;

    /// <summary>Runs the model on a batch, and judges what it returns.</summary>
    /// <param name="batch">The batch, with at least one item; the model may change it.</param>
    /// <param name="index">Number of the batch.</param>
    /// <exception cref="PreciseBnException">The model fails, or what it returns cannot be judged.</exception>
    public void Judge(Batch batch, long index)
    {
        using var scope = NewDisposeScope();
        using var returned = Run(batch, index);
        var output = returned.dim() > 0 && returned.size(0) > batch.ItemCount && IsFilled(batch) ? returned.narrow(0, 0, batch.ItemCount) : returned;
        if (_metric is null)
            _classes.Add(output, batch, index);
        else
            _metric.Add(output.cpu(), batch, index);
    }

    /// <summary>Counts the items of the last batch that are right here and wrong there, and the other way round.</summary>
    public void CompareWith(Candidate reference)
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
    public BnAccuracy ToResult(string name, string? reference, string? data)
    {
        var result = new BnAccuracy { Name = name, Path = source.Path, Samples = 0, Data = data, Device = device.ToString() };
        if (_metric is not null)
            return result with { Samples = _metric.Samples, Metric = _metric.Mean, MetricError = _metric.Error };
        return _classes.Fill(reference is null ? result : result with
        {
            Reference = reference,
            Gained = _gained,
            Lost = _lost,
            PValue = McNemar.PValue(_gained, _lost),
        });
    }

    public void Dispose() => running.Dispose();

    private Tensor Run(Batch batch, long index)
    {
        using var gradients = no_grad();
        return running.Compute(IsFilled(batch) ? Fill(batch) : batch, index);
    }

    // A program for batches of one size gets the last of them filled up with copies of its last item, which do not count. Where a
    // layer normalises by the batch they would change the others.
    private bool IsFilled(Batch batch) => batch.ItemCount < source.BatchSizes.Least && source.UntrackedLayers.Count == 0;

    private Batch Fill(Batch batch)
    {
        var (items, least) = (batch.ItemCount, source.BatchSizes.Least);
        return batch.With(batch.Inputs.Select(input => input.dim() == 0 || input.size(0) != items ? input
            : cat([input, input.narrow(0, items - 1, 1).expand([least - items, .. input.shape[1..]])], 0)).ToArray());
    }
}
