using System.Diagnostics;
using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>Shows how far averaging has come; a few times a second at most, as showing it takes time.</summary>
internal sealed class AveragingProgress(Cmdlet cmdlet) : IProgress<AverageProgress>, IDisposable
{
    private const int ActivityId = 1;
    private const string Activity = "Averaging weights";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _sinceStart = Stopwatch.StartNew();
    private readonly Stopwatch _sinceLast = new();

    public void Report(AverageProgress value)
    {
        if (_sinceLast.IsRunning && _sinceLast.Elapsed < Interval)
            return;
        _sinceLast.Restart();
        cmdlet.WriteProgress(new ProgressRecord(ActivityId, Activity, value.Fraction > 0 ? "Averaging" : "Comparing the files")
        {
            CurrentOperation = value.File,
            PercentComplete = (int)(100 * value.Fraction),
            SecondsRemaining = value.Fraction > 0 ? (int)Math.Ceiling(_sinceStart.Elapsed.TotalSeconds * (1 - value.Fraction) / value.Fraction) : -1,
        });
    }

    public void Dispose()
    {
        if (_sinceLast.IsRunning)
            cmdlet.WriteProgress(new ProgressRecord(ActivityId, Activity, "Done") { RecordType = ProgressRecordType.Completed });
    }
}
