using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>Shows which of several models has its turn, above the progress of that model.</summary>
internal sealed class ModelsProgress(Cmdlet cmdlet, string activity, int models) : IDisposable
{
    /// <summary>What the progress of a model names as its parent.</summary>
    public const int ActivityId = 0;

    private int _begun;

    /// <summary>Tells that the next model has its turn.</summary>
    public void Begin(string model)
    {
        _begun++;
        if (models > 1)
            cmdlet.WriteProgress(new ProgressRecord(ActivityId, activity, $"Model {_begun} of {models}")
            {
                CurrentOperation = model,
                PercentComplete = 100 * (_begun - 1) / models,
            });
    }

    public void Dispose()
    {
        if (_begun > 0 && models > 1)
            cmdlet.WriteProgress(new ProgressRecord(ActivityId, activity, "Done") { RecordType = ProgressRecordType.Completed });
    }
}
