using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Models;

/// <summary>Tells what a file is that is no zip archive, so that the error can say what to do instead.</summary>
internal static class ModelFormat
{
    private const byte PickleStart = 0x80;

    public static PreciseBnException Explain(SourceFile file)
    {
        if (file.Length == 0)
            return ModelErrors.NotAModel(file.Path, "it is empty");
        var start = file.Read(0, (int)Math.Min(file.Length, 2));
        if (start.AsSpan().SequenceEqual("PK"u8))
            return FileErrors.Truncated(file.Path);
        return start[0] == PickleStart ? ModelErrors.OldFormat(file.Path) : ModelErrors.NotAModel(file.Path, "it is of no kind that is known");
    }
}
