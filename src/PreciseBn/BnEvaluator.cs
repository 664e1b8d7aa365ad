using PreciseBn.Batches;
using PreciseBn.Evaluation;
using PreciseBn.Models;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn;

/// <summary>
/// Judges models by data: by labels, which part they put into the right class; without labels, how far their statistics are from those of the
/// data; and whether one does better than another.
/// </summary>
public static class BnEvaluator
{
    /// <summary>Runs labelled data through models as they are used: in evaluation, by their own code, with the statistics that they have.</summary>
    /// <param name="models">The models, of which the first is what the others are compared with. All of them are in memory at a time.</param>
    /// <param name="data">Batches with labels: a whole number from 0 for each item, shape [N] or [N, 1]. They are read once.</param>
    /// <param name="options">How the models are called.</param>
    /// <param name="onFailed">Told of a model that fails; the others go on. Without it the failure is thrown.</param>
    /// <param name="progress">Told about every batch, on the calling thread.</param>
    /// <param name="cancellation">Stops the work within a batch.</param>
    /// <returns>How each model has done that has not failed, in their order.</returns>
    /// <exception cref="PreciseBnException">The data cannot be used, or a model fails.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyList<BnAccuracy> Measure(
        IReadOnlyList<BnModel> models, IBatchSource data, AccuracyOptions? options = null, Action<BnModel, PreciseBnException>? onFailed = null,
        IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default) =>
        Run(models, onFailed, (sources, tell) => new AccuracyEvaluator(sources, data, options ?? new(), tell, progress).Run(cancellation));

    /// <summary>
    /// Runs data through models twice: as they are used, in evaluation and with the statistics that they have, and with all their layers
    /// normalising by the statistics of each batch. How far the outputs are apart is what these statistics change. No labels are needed.
    /// </summary>
    /// <param name="models">The models, of which the first is what the others are compared with. All of them are in memory at a time, twice.</param>
    /// <param name="data">Batches, of sizes as in training; they are read once.</param>
    /// <param name="options">How the models are called.</param>
    /// <param name="onFailed">Told of a model that fails; the others go on. Without it the failure is thrown.</param>
    /// <param name="progress">Told about every batch, on the calling thread.</param>
    /// <param name="cancellation">Stops the work within a batch.</param>
    /// <returns>How each model has done that has not failed, in their order.</returns>
    /// <exception cref="PreciseBnException">The data cannot be used, or a model fails.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyList<BnAgreement> MeasureAgreement(
        IReadOnlyList<BnModel> models, IBatchSource data, AgreementOptions? options = null, Action<BnModel, PreciseBnException>? onFailed = null,
        IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default) =>
        Run(models, onFailed, (sources, tell) => new AgreementEvaluator(sources, data, options ?? new(), tell, progress).Run(cancellation));

    private static IReadOnlyList<T> Run<T>(
        IReadOnlyList<BnModel> models, Action<BnModel, PreciseBnException>? onFailed,
        Func<IReadOnlyList<IModelSource>, Action<int, PreciseBnException>, IReadOnlyList<T>> evaluate)
    {
        if (models.Count == 0)
            throw EvaluationErrors.NoModels();
        void Tell(int model, PreciseBnException failure) => (onFailed ?? throw failure)(models[model], failure);
        Func<IReadOnlyList<T>> run = () => evaluate(models.Select(model => model.Source).ToArray(), Tell);
        return models.Aggregate(run, (inner, model) => () => model.Exclusively(inner))();
    }
}

/// <summary>How models are called whose outputs are judged.</summary>
public abstract record OutputOptions : CallOptions
{
    /// <summary>
    /// Which tensor of what a model returns is judged, such as the scores of the classes: a key of a dictionary, or an index, from 0, of a
    /// tuple. By default it is the tensor that is returned, or the first of a tuple or list.
    /// </summary>
    public string? OutputKey { get; init; }
}

/// <summary>How the accuracy of models is measured.</summary>
public sealed record AccuracyOptions : OutputOptions
{
    /// <summary>
    /// What is measured in place of accuracy: gets what the model returns for a batch, on the CPU, and its labels, if there are any, and
    /// gives one number for the batch, or one for each of its items. It may keep the tensors.
    /// </summary>
    public Func<Tensor, Tensor?, IReadOnlyList<double>>? Metric { get; init; }
}

/// <summary>How it is measured what the statistics of models change in their outputs.</summary>
public sealed record AgreementOptions : OutputOptions;
