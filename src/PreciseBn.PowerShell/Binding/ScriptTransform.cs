using System.Management.Automation;
using System.Management.Automation.Runspaces;
using PreciseBn.Data;

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
