using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>A cmdlet that writes a model without running it: what becomes of the file that is there.</summary>
public abstract class WritingCmdlet : PreciseBnCmdlet
{
    /// <summary>Keeps what is replaced, with .bak, or the first free of .bak.1, .bak.2 and so on, appended to its name.</summary>
    [Parameter]
    public SwitchParameter Backup { get; set; }

    /// <summary>Replaces a file that is already at the destination.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }
}
