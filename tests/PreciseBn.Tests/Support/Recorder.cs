namespace PreciseBn.Tests.Support;

/// <summary>Is told of progress on the calling thread, at once.</summary>
internal sealed class Recorder(Action<MeasureProgress> onReport) : IProgress<MeasureProgress>
{
    public void Report(MeasureProgress value) => onReport(value);
}
