using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>A cmdlet that makes a new file of what it is given: which, and what becomes of one that is there.</summary>
public abstract class ExportCmdlet : PreciseBnCmdlet
{
    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Replaces a file that is already there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Returns the file that was written.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Tells of the file that was written.</summary>
    private protected void TellOfFile(string path, string contents)
    {
        WriteVerbose($"{contents} into '{path}'.");
        if (PassThru)
            WriteObject(new FileInfo(path));
    }
}
