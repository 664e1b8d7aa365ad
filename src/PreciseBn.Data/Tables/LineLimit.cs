using PreciseBn.Files;

namespace PreciseBn.Data.Tables;

/// <summary>Ends the reading of a text with a line that is too long to be honest, before it takes all memory.</summary>
/// <param name="text">The text.</param>
/// <param name="path">The file that it is in.</param>
internal sealed class LineLimit(TextReader text, string path) : TextReader
{
    private const int LongestLine = 32 << 20;

    private long _length;

    /// <inheritdoc/>
    public override int Read(char[] buffer, int index, int count)
    {
        var read = text.Read(buffer, index, count);
        var last = buffer.AsSpan(index, read).LastIndexOfAny('\n', '\r');
        _length = last < 0 ? _length + read : read - last;
        return _length <= LongestLine ? read : throw FileErrors.LimitExceeded(path, $"it has a line of more than {LongestLine} characters");
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            text.Dispose();
        base.Dispose(disposing);
    }
}
