namespace PreciseBn.Primitives;

/// <summary>What sort of thing went wrong, for callers that branch on it rather than on the message.</summary>
public enum ErrorKind
{
    /// <summary>An argument or a combination of arguments is not acceptable.</summary>
    InvalidArgument,

    /// <summary>A file, key, layer or device that was named does not exist.</summary>
    NotFound,

    /// <summary>The contents of a file or of a batch are not what they should be.</summary>
    InvalidData,

    /// <summary>The contents are understood, and cannot be worked with.</summary>
    NotSupported,

    /// <summary>Something stands where the result should go, or changed while the work went on.</summary>
    Conflict,

    /// <summary>The operating system refused access.</summary>
    AccessDenied,

    /// <summary>Reading failed.</summary>
    ReadFailed,

    /// <summary>Writing failed.</summary>
    WriteFailed,

    /// <summary>A native library or a device is missing on this machine.</summary>
    NotInstalled,
}
