namespace PreciseBn.Archives;

/// <summary>Tells whether a file is still the one that was read: its length and the time of its last change.</summary>
/// <param name="Length">Length in bytes.</param>
/// <param name="LastWriteTimeUtc">Time of the last change, UTC.</param>
public readonly record struct FileVersion(long Length, DateTime LastWriteTimeUtc)
{
    /// <summary>The version that is at the path now.</summary>
    public static FileVersion Of(string path)
    {
        var info = new FileInfo(path);
        return new FileVersion(info.Length, info.LastWriteTimeUtc);
    }
}
