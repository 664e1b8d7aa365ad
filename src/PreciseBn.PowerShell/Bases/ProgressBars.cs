using System.Diagnostics;
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

/// <summary>Shows how far a recalibration has come; a few times a second at most, as showing it takes time.</summary>
/// <param name="cmdlet">The cmdlet.</param>
/// <param name="activity">What it does.</param>
/// <param name="ifNothingIsKept">What is said of a model that keeps nothing between its layers, before it is run; <c>null</c> for nothing.</param>
internal sealed class UpdateProgress(Cmdlet cmdlet, string activity, string? ifNothingIsKept = null) : IProgress<MeasureProgress>, IDisposable
{
    private const int ActivityId = 1;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _sinceLast = new();
    private string? _note;
    private bool _isInSegments;

    public void Report(MeasureProgress value)
    {
        if (value.Pass == 0)
            Announce(value);
        _isInSegments |= value.Kept is not null;
        if (value.Note is { } note && note != _note)
            cmdlet.WriteVerbose($"{value.Model}: {_note = note}");
        if (_sinceLast.IsRunning && _sinceLast.Elapsed < Interval)
            return;
        _sinceLast.Restart();
        var pass = value.Passes > 1 ? $"{(_isInSegments ? "Segment" : "Pass")} {value.Pass} of {value.Passes}, batch" : "Batch";
        cmdlet.WriteProgress(new ProgressRecord(ActivityId, activity, $"{pass} {value.Batches}{(value.Total > 0 ? $" of {value.Total}" : "")}{Throughput(value)}")
        {
            ParentActivityId = ModelsProgress.ActivityId,
            CurrentOperation = value.Model,
            // How many batches there will be is not always known.
            PercentComplete = value.Total > 0 ? (int)(100 * value.Fraction) : -1,
            SecondsRemaining = value.Total > 0 ? (int)Math.Ceiling(value.Remaining.TotalSeconds) : -1,
        });
    }

    public void Dispose()
    {
        if (_sinceLast.IsRunning)
            cmdlet.WriteProgress(new ProgressRecord(ActivityId, activity, "Done")
            {
                ParentActivityId = ModelsProgress.ActivityId,
                RecordType = ProgressRecordType.Completed,
            });
    }

    private static string Throughput(MeasureProgress value) =>
        value.Rate > 0 ? $", {value.Rate:0.0} batches/s" : "";

    // Several passes take several times as long as a user may expect; shown as Write-Host shows, unless silenced.
    private void Announce(MeasureProgress plan)
    {
        cmdlet.WriteInformation(
            $"{(plan.Kept is { } kept ? InSegments(plan, kept) : $"{plan.Passes} passes over up to {plan.Total} batches")}, about {plan.Remaining.TotalSeconds:0} s.", ["PSHOST"]);
        if (plan.Kept is null && ifNothingIsKept is not null)
            cmdlet.WriteWarning(ifNothingIsKept);
    }

    private static string InSegments(MeasureProgress plan, KeptSize kept)
    {
        const double Megabyte = 1 << 20;
        var inFile = Math.Max(0, kept.Bytes - kept.InMemory);
        return $"Up to {plan.Total} batches, each once, in {plan.Passes} segments, with up to {kept.Bytes / Megabyte:0.0} MB kept between them"
            + (inFile > 0 ? $", {inFile / Megabyte:0.0} MB of it in a temporary file" : "");
    }
}

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
