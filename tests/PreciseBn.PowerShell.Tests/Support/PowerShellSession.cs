using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>The real engine with the module imported by its manifest, in a folder of its own.</summary>
internal sealed class PowerShellSession : IDisposable
{
    private readonly Runspace _runspace;

    public PowerShellSession(string folder)
    {
        var state = InitialSessionState.CreateDefault2();
        state.ImportPSModule(Repository.Manifest);
        _runspace = RunspaceFactory.CreateRunspace(state);
        _runspace.Open();
        _runspace.SessionStateProxy.Path.SetLocation(folder);
        _runspace.SessionStateProxy.SetVariable("fixtures", PreciseBn.Tests.Support.Fixtures.Path(""));
    }

    /// <summary>Runs a script; errors that end it are thrown.</summary>
    public PowerShellResult Invoke(string script, params object[] arguments)
    {
        using var shell = Create(script, arguments);
        var output = shell.Invoke();
        return new PowerShellResult(output.ToArray(), shell.Streams);
    }

    /// <summary>Runs a script that must end with one error.</summary>
    public ErrorRecord InvokeFailing(string script)
    {
        using var shell = Create(script, []);
        try
        {
            shell.Invoke();
        }
        catch (RuntimeException failure)
        {
            return failure.ErrorRecord;
        }
        return Assert.Single(shell.Streams.Error);
    }

    /// <summary>A pipeline that the test runs itself.</summary>
    public System.Management.Automation.PowerShell Create(string script, object[] arguments)
    {
        var shell = System.Management.Automation.PowerShell.Create(_runspace);
        shell.AddScript(script, useLocalScope: false);
        foreach (var argument in arguments)
            shell.AddArgument(argument);
        return shell;
    }

    public void Dispose() => _runspace.Dispose();
}
