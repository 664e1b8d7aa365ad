using System.Management.Automation;

namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>The objects that a script gave, and its errors.</summary>
internal sealed class PowerShellResult(PSObject[] output, PSDataStreams streams)
{
    public PSObject[] Output { get; } = output;

    public ErrorRecord[] Errors { get; } = [.. streams.Error];
}
