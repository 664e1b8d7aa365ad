using static TorchSharp.torch;

namespace PreciseBn;

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
