using System.Management.Automation;
using System.Management.Automation.Runspaces;
using PreciseBn.Data;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.PowerShell;

/// <summary>A script block as what is done to each batch.</summary>
internal static class ScriptTransform
{
    /// <summary>The script gets the batch as $_ and as its first argument; what it writes is what the model gets.</summary>
    public static BatchTransform Create(ScriptBlock script)
    {
        // A script belongs to the runspace that it was written in, and must not run in two at once.
        var home = Runspace.DefaultRunspace?.InstanceId;
        return new BatchTransform(script.ToString(), batch => Runspace.DefaultRunspace?.InstanceId == home
            ? Run(script, batch)
            : throw new TransformException("it was made in another runspace; call New-BnDataLoader in the one that reads the batches"));
    }

    private static object? Run(ScriptBlock script, object batch)
    {
        try
        {
            // An error must not go by, and the model get half of the work.
            List<PSVariable> variables = [new("_", batch), new("ErrorActionPreference", ActionPreference.Stop)];
            var output = script.InvokeWithContext(null, variables, [batch]);
            return output.Count switch
            {
                0 => null,
                1 => PowerShellData.Unwrap(output[0]),
                _ => output.Select(PowerShellData.Unwrap).ToArray(),
            };
        }
        catch (PipelineStoppedException)
        {
            throw;
        }
        catch (RuntimeException failure)
        {
            throw new TransformException(Message(failure), failure);
        }
    }

    /// <summary>What went wrong in a script, in a sentence.</summary>
    public static string Message(RuntimeException failure) => failure switch
    {
        MethodInvocationException { InnerException: { } inner } => inner.Message,
        ActionPreferenceStopException stopped => $"{stopped.ErrorRecord}",
        _ => failure.ErrorRecord.Exception.Message,
    };
}

/// <summary>A script block as a metric.</summary>
internal static class ScriptMetric
{
    /// <summary>The script gets what the model returns and the labels as its arguments; what it writes are the numbers.</summary>
    public static Func<Tensor, Tensor?, IReadOnlyList<double>> Create(ScriptBlock script) => (output, labels) =>
    {
        try
        {
            // An error must not go by, and half of the work count.
            List<PSVariable> variables = [new("ErrorActionPreference", ActionPreference.Stop)];
            return script.InvokeWithContext(null, variables, output, labels).SelectMany(Numbers).ToArray();
        }
        catch (RuntimeException failure) when (failure is not PipelineStoppedException)
        {
            throw Failed(ScriptTransform.Message(failure), failure);
        }
    };

    private static IEnumerable<double> Numbers(PSObject? item) => item?.BaseObject switch
    {
        null => throw NotNumbers("nothing", "Return a number, a tensor, or a number for each item."),
        Tensor tensor => Numbers(tensor),
        // PowerShell's -eq asks whether two tensors are one object, which they never are.
        bool => throw NotNumbers("True or False", "Compare tensors with eq() and its like, which answer for each item; of one item return 1 or 0."),
        var other => LanguagePrimitives.TryConvertTo<double[]>(other, out var numbers) ? numbers
            : throw NotNumbers($"an object of type {PowerShellData.TypeName(item!)}", "Return a number, a tensor, or a number for each item."),
    };

    private static double[] Numbers(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
    }

    private static PreciseBnException NotNumbers(string what, string advice) => new(
        "MetricNotNumeric", ErrorKind.InvalidData, $"-Metric gives {what}, of which there is no average.", advice);

    private static PreciseBnException Failed(string why, Exception inner) => new(
        "MetricFailed", ErrorKind.InvalidData, $"-Metric failed: {why.TrimEnd('.')}.",
        "Correct the script; it gets what the model returns and the labels as its arguments, and returns a number, or one for each item.", inner: inner);
}
