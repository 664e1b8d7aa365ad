using System.Management.Automation;

namespace PreciseBn.Host;

/// <summary>Shows progress in one line of a terminal; nowhere else, as it would fill a log.</summary>
internal sealed class ProgressLine
{
    private int _shown;

    public void Show(ProgressRecord record)
    {
        if (Console.IsErrorRedirected)
            return;
        Clear();
        if (record.RecordType == ProgressRecordType.Completed)
            return;
        var remaining = record.SecondsRemaining >= 0 ? $", {record.SecondsRemaining} s left" : "";
        var line = $"{record.Activity}: {record.StatusDescription}{remaining}";
        line = line[..Math.Min(line.Length, Math.Max(1, Console.WindowWidth - 1))];
        Console.Error.Write(line);
        _shown = line.Length;
    }

    public void Clear()
    {
        if (_shown == 0)
            return;
        Console.Error.Write($"\r{new string(' ', _shown)}\r");
        _shown = 0;
    }
}
