using PreciseBn.Batches;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Evaluation;

/// <summary>Counts how often the right class has the highest score, or is among the best.</summary>
/// <param name="model">The model, for messages.</param>
internal sealed class ClassTally(string model)
{
    // The best of fewer classes, and of just as many, are always right.
    private const int Best = 5;

    private readonly Tally _loss = new();
    private readonly Tally _lossOfProbabilities = new();
    private bool _areProbabilities = true;
    private long _right;
    private long _rightInBest;
    private long _classes;

    /// <summary>Which items of the last batch have the right class.</summary>
    public bool[] Right { get; private set; } = [];

    /// <summary>Judges the scores of a batch.</summary>
    /// <exception cref="PreciseBnException">They are no scores of classes, or a label is no class.</exception>
    public void Add(Tensor output, Batch batch, long index)
    {
        var labels = ClassLabels.Of(batch, index);
        if (!output.is_floating_point() || output.dim() != 2 || output.size(1) < 2 || output.size(0) != labels.Length || (_classes > 0 && output.size(1) != _classes))
            throw EvaluationErrors.NotClassScores(model, batch.Describe(index), $"{output.dtype} [{string.Join(", ", output.shape)}]", labels.Length);
        _classes = output.size(1);
        using var scope = NewDisposeScope();
        var scores = output.to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
        var tolerance = output.dtype.ToDType() is DType.Float16 or DType.BFloat16 ? 1e-2 : 1e-3;
        Right = new bool[labels.Length];
        for (var item = 0; item < labels.Length; item++)
        {
            if (labels[item] >= _classes)
                throw EvaluationErrors.NotAClass(batch.Describe(index), item, $"{labels[item]}", $"'{model}' has {_classes}, which count from 0");
            var score = SampleScore.Of(scores.AsSpan((int)(item * _classes), (int)_classes), labels[item], tolerance)
                ?? throw EvaluationErrors.OutputNotFinite(model, batch.Describe(index), item);
            Right[item] = score.Rank == 0;
            _right += score.Rank == 0 ? 1 : 0;
            _rightInBest += score.Rank < Best ? 1 : 0;
            _loss.Add(score.Loss);
            _lossOfProbabilities.Add(score.LossOfProbabilities);
            _areProbabilities &= score.AreProbabilities;
        }
    }

    /// <summary>A result with what was counted.</summary>
    public BnAccuracy Fill(BnAccuracy result)
    {
        var samples = _loss.Count;
        var loss = _areProbabilities ? _lossOfProbabilities : _loss;
        var (top1, top5) = ((double)_right / samples, _classes > Best ? (double)_rightInBest / samples : (double?)null);
        return result with
        {
            Samples = samples,
            Classes = _classes,
            Top1 = top1,
            Top1Error = Tally.ErrorOfPart(top1, samples),
            Top5 = top5,
            Top5Error = top5 is { } part ? Tally.ErrorOfPart(part, samples) : null,
            Loss = loss.Mean,
            LossError = loss.Error,
            AreProbabilities = _areProbabilities,
        };
    }
}
