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
        using var shell = System.Management.Automation.PowerShell.Create(_runspace);
        shell.AddScript(script, useLocalScope: false);
        foreach (var argument in arguments)
            shell.AddArgument(argument);
        var output = shell.Invoke();
        return new PowerShellResult(output.ToArray(), shell.Streams);
    }

    public void Dispose() => _runspace.Dispose();
}
