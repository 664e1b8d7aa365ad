using System.Management.Automation;

namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>What a script left in each stream.</summary>
internal sealed class PowerShellResult(PSObject[] output, PSDataStreams streams)
{
    public PSObject[] Output { get; } = output;

    public ErrorRecord[] Errors { get; } = [.. streams.Error];

    public string[] Warnings { get; } = [.. streams.Warning.Select(record => record.Message)];

    public string[] Verbose { get; } = [.. streams.Verbose.Select(record => record.Message)];

    public ProgressRecord[] Progress { get; } = [.. streams.Progress];

    /// <summary>A property of each object.</summary>
    public object?[] Values(string property) => [.. Output.Select(item => item.Properties[property]?.Value)];
}
