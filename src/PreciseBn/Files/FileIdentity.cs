namespace PreciseBn.Files;

/// <summary>Tells whether a file is still the one that was read: which file it is, its length, and the time of its last change.</summary>
/// <param name="Volume">The volume that it is on.</param>
/// <param name="Index">Its number there, which no other file has as long as it is open.</param>
/// <param name="Length">Length in bytes.</param>
/// <param name="LastWriteTime">Time of the last change, in the unit of the operating system.</param>
internal readonly record struct FileIdentity(ulong Volume, ulong Index, long Length, long LastWriteTime)
{
    /// <summary>Whether both are the same file, changed or not.</summary>
    public bool IsSameFile(FileIdentity other) => (Volume, Index) == (other.Volume, other.Index);
}
