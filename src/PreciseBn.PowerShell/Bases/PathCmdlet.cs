using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>A cmdlet that reads the files that it is given, in the pipeline or not.</summary>
public abstract class PathCmdlet : PreciseBnCmdlet
{
    /// <summary>The files, or folders where these hold what is read; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>The same, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];
}
