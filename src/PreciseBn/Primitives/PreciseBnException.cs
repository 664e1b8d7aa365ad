namespace PreciseBn.Primitives;

/// <summary>
/// A failure a user can act on: what is wrong, with which file, layer or batch, and what to do.
/// </summary>
public sealed class PreciseBnException : Exception
{
    /// <summary>Creates a failure whose message is the problem followed by the advice.</summary>
    /// <param name="errorId">A stable identifier, such as <c>FileNotFound</c>.</param>
    /// <param name="kind">What sort of failure it is.</param>
    /// <param name="problem">What is wrong: one sentence, naming the file, layer or batch.</param>
    /// <param name="advice">What to do about it: one sentence.</param>
    /// <param name="target">The path, name or object the failure is about.</param>
    /// <param name="inner">The exception that caused it, if any.</param>
    public PreciseBnException(
        string errorId, ErrorKind kind, string problem, string advice, object? target = null, Exception? inner = null)
        : base($"{problem} {advice}", inner)
    {
        ErrorId = errorId;
        Kind = kind;
        Problem = problem;
        Advice = advice;
        Target = target;
    }

    /// <summary>A stable identifier of the failure.</summary>
    public string ErrorId { get; }

    /// <summary>What sort of failure it is.</summary>
    public ErrorKind Kind { get; }

    /// <summary>What is wrong.</summary>
    public string Problem { get; }

    /// <summary>What the user can do about it.</summary>
    public string Advice { get; }

    /// <summary>The path, name or object the failure is about.</summary>
    public object? Target { get; }

    /// <summary>
    /// Whether the same may succeed a little later, with nothing changed: a file was in use, reading or writing failed, or the work was
    /// interrupted. All other failures come again as long as nobody does something about them.
    /// </summary>
    public bool IsTransient => Kind is ErrorKind.ReadFailed or ErrorKind.WriteFailed or ErrorKind.Interrupted || ErrorId is "FileBusy" or "FileChanged" or "FileInUse";
}

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

    /// <summary>Memory or a device is there, and cannot give what is needed.</summary>
    NotAvailable,

    /// <summary>The process was asked to end before the work was done.</summary>
    Interrupted,
}
