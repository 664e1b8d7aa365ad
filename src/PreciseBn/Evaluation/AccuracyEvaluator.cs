using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Evaluation;

/// <summary>Judges models by labels, or by a metric of the user's.</summary>
/// <inheritdoc/>
internal sealed class AccuracyEvaluator(
    IReadOnlyList<IModelSource> models, IBatchSource data, AccuracyOptions options, Action<int, PreciseBnException> onFailed, IProgress<MeasureProgress>? progress)
    : Evaluator<BnAccuracy>(models, data, options, onFailed, progress)
{
    protected override Candidate<BnAccuracy> Load(IModelSource model, Device device) =>
        new AccuracyCandidate(model, model.LoadToRun(options, device), device, options.Metric);

    protected override IBatchSource Fit(IBatchSource batches, SizeRange accepted) => FittedBatches.Resize(batches, accepted);

    // What is wrong with the labels is wrong for all models.
    protected override void Require(Batch batch, long index)
    {
        if (options.Metric is null)
            _ = ClassLabels.Of(batch, index);
    }
}

/// <summary>A model that is judged by labels, or by a metric of the user's.</summary>
/// <param name="source">The model.</param>
/// <param name="running">The same, ready to run.</param>
/// <param name="device">Where it runs.</param>
/// <param name="metric">What is measured in place of accuracy, if anything.</param>
internal sealed class AccuracyCandidate(
    IModelSource source, IRunningModel running, Device device, Func<Tensor, Tensor?, IReadOnlyList<double>>? metric = null) : Candidate<BnAccuracy>(source)
{
    private readonly IModelSource _source = source;
    private readonly ClassTally _classes = new(source.Name);
    private readonly MetricTally? _metric = metric is null ? null : new(source.Name, metric);

    public override IReadOnlyList<bool> Right => _classes.Right;

    public override void Judge(Batch batch, long index)
    {
        using var output = IsFilled(batch) ? RunFilled(batch, index) : Run(running, batch, index);
        if (_metric is null)
            _classes.Add(output, batch, index);
        else
            _metric.Add(output, batch, index);
    }

    public override void Dispose() => running.Dispose();

    protected override BnAccuracy Result(string name)
    {
        var result = new BnAccuracy { Name = name, Samples = 0, Device = device.ToString() };
        return _metric is null
            ? _classes.Fill(result)
            : result with { Samples = _metric.Samples, Metric = _metric.Mean, MetricError = _metric.Error };
    }

    // A program for batches of one size gets the last of them filled up with copies of its last item, which do not count. Where a
    // layer normalises by the batch they would change the others.
    private bool IsFilled(Batch batch) => batch.ItemCount < _source.BatchSizes.Least && _source.UntrackedLayers.Count == 0;

    private Tensor RunFilled(Batch batch, long index)
    {
        using var scope = NewDisposeScope();
        var returned = Run(running, Fill(batch), index);
        scope.Attach(returned);
        return (returned.dim() > 0 && returned.size(0) > batch.ItemCount ? returned.narrow(0, 0, batch.ItemCount) : returned).DetachFromDisposeScope();
    }

    private Batch Fill(Batch batch)
    {
        var (items, least) = (batch.ItemCount, _source.BatchSizes.Least);
        return batch.With(batch.Inputs.Select(input => input.dim() == 0 || input.size(0) != items ? input
            : cat([input, input.narrow(0, items - 1, 1).expand([least - items, .. input.shape[1..]])], 0)).ToArray());
    }
}
