using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Microsoft.PowerShell;

namespace PreciseBn.Host;

/// <summary>Runs a script with the module loaded, its output formatted and its errors on the error stream.</summary>
internal sealed class ScriptRunner(string manifest)
{
    public int Run(string script)
    {
        var host = new ConsoleHost();
        var session = InitialSessionState.CreateDefault2();
        session.ImportPSModule(manifest);
        if (OperatingSystem.IsWindows())
            session.ExecutionPolicy = ExecutionPolicy.RemoteSigned;
        using var runspace = RunspaceFactory.CreateRunspace(host, session);
        runspace.Open();
        using var shell = PowerShell.Create(runspace);
        shell.AddScript(script).AddCommand("Out-Default");
        shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);

        var interrupted = false;
        ConsoleCancelEventHandler onCancel = (_, e) =>
        {
            e.Cancel = true;
            interrupted = true;
            shell.BeginStop(null, null);
        };
        Console.CancelKeyPress += onCancel;
        try
        {
            shell.Invoke();
            return interrupted ? HostExitCode.Interrupted : host.ExitCode ?? HostExitCode.Success;
        }
        catch (PipelineStoppedException)
        {
            return interrupted ? HostExitCode.Interrupted : host.ExitCode ?? HostExitCode.Failure;
        }
        catch (RuntimeException failure)
        {
            Report(runspace, failure.ErrorRecord);
            return HostExitCode.Failure;
        }
        finally
        {
            Console.CancelKeyPress -= onCancel;
        }
    }

    private static void Report(Runspace runspace, ErrorRecord error)
    {
        using var shell = PowerShell.Create(runspace);
        shell.AddCommand("Out-Default").AddParameter("InputObject", error);
        shell.Commands.Commands[0].MergeUnclaimedPreviousCommandResults = PipelineResultTypes.Error | PipelineResultTypes.Output;
        shell.Invoke();
    }
}
