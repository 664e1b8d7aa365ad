namespace PreciseBn.Tests.Support;

/// <summary>Is told of progress on the calling thread, at once.</summary>
internal class Recorder<T>(Action<T> onReport) : IProgress<T>
{
    public void Report(T value) => onReport(value);
}

/// <summary>That of measuring.</summary>
internal sealed class Recorder(Action<MeasureProgress> onReport) : Recorder<MeasureProgress>(onReport);
