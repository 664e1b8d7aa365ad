using System.Collections;
using System.Collections.Specialized;
using PreciseBn.Batches;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Data;

/// <summary>What a user does to each batch before the model gets it, on the thread that reads the batches.</summary>
/// <param name="Text">Tells one from another, in every process alike.</param>
/// <param name="Run">
/// Gets the tensor of a batch, or with several keys a dictionary of tensors by key, or else an array; returns tensors or arrays
/// of numbers: one, or an array, tuple or dictionary of them. It throws a <see cref="TransformException"/> if it fails.
/// </param>
public sealed record BatchTransform(string Text, Func<object, object?> Run)
{
    /// <summary>The batch that the model gets in place of one, which is disposed of; what it gives the user may be kept.</summary>
    /// <exception cref="PreciseBnException">It has failed, or returned no tensors.</exception>
    internal Batch Apply(Batch batch, IReadOnlyList<string> keys, long index, ForeignCode foreign)
    {
        using (batch)
        {
            try
            {
                var result = foreign.Run(() => Run(Arrange(batch.Inputs.Select(ForeignCode.Give).ToArray(), keys)), () => ForeignCode.BytesOf(batch.Inputs))
                    ?? throw DataErrors.NotTransformed(batch.Describe(index), "nothing");
                using var returned = BatchConversion.ToBatch(result, result is IDictionary ? keys : []);
                // The user may keep what is returned, or have returned what came in: the model gets handles of its own.
                return new Batch(returned.Inputs.Select(ForeignCode.Give).ToArray(), isOwned: true, batch.Origin)
                {
                    Labels = batch.Labels is null ? null : ForeignCode.Give(batch.Labels),
                };
            }
            catch (TransformException e)
            {
                throw DataErrors.TransformFailed(batch.Describe(index), TorchMessage.Of(e), e.InnerException ?? e);
            }
            catch (PreciseBnException e) when (e.ErrorId is "NotData")
            {
                throw DataErrors.NotTransformed(batch.Describe(index), $"an object of type {e.Target?.GetType().Name ?? "null"}");
            }
        }
    }

    private static object Arrange(IReadOnlyList<Tensor> inputs, IReadOnlyList<string> keys)
    {
        if (inputs.Count == 1)
            return inputs[0];
        if (inputs.Count != keys.Count)
            return inputs.ToArray();
        var byKey = new OrderedDictionary();
        foreach (var (key, input) in keys.Zip(inputs))
            byKey[key] = input;
        return byKey;
    }
}

/// <summary>What a user's <see cref="BatchTransform"/> has failed with, in its own words.</summary>
/// <param name="message">Its own words.</param>
/// <param name="inner">What it has thrown.</param>
public sealed class TransformException(string message, Exception? inner = null) : Exception(message, inner);
