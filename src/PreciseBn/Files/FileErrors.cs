using PreciseBn.Primitives;

namespace PreciseBn.Files;

/// <summary>What can be wrong with a file, in words for the person who gave it.</summary>
internal static class FileErrors
{
    // EROFS of Linux and macOS.
    private const int ReadOnlyFileSystem = 30;

    public static PreciseBnException NotFound(string path) => new(
        "FileNotFound", ErrorKind.NotFound,
        $"There is no file '{path}'.", "Check the path.", path);

    public static PreciseBnException IsDirectory(string path) => new(
        "PathIsDirectory", ErrorKind.InvalidArgument,
        $"'{path}' is a directory, not a file.", "Give the path of a file in it.", path);

    public static PreciseBnException WrongEnding(string path, string what, string ending, string others, string usual) => new(
        "WrongEnding", ErrorKind.InvalidArgument,
        $"'{path}' is to be {what}, but files that end with {ending} are {others}.", $"Let its name end with {usual}.", path);

    public static PreciseBnException ImpossiblePath(string? path) => new(
        "InvalidPath", ErrorKind.InvalidArgument,
        $"'{path?.Replace('\0', '\ufffd')}' is no path: it is empty, or has a character in it that no name can have.", "Check the path.", path);

    public static PreciseBnException NotRegular(string path) => new(
        "NotRegularFile", ErrorKind.InvalidArgument,
        $"'{path}' is no regular file, but a device, a pipe, a socket or a stream beside a file.",
        "Give the path of a file with contents of its own.", path);

    public static PreciseBnException InUse(string path, Exception inner) => new(
        "FileInUse", ErrorKind.Conflict,
        $"'{path}' is open in another program, which does not let go of it.", "Close it there, and run the command again.", path, inner);

    public static PreciseBnException AccessDenied(string path, Exception inner) => new(
        "AccessDenied", ErrorKind.AccessDenied,
        $"Access to '{path}' was denied.", "Check the permissions of the file and its folder.", path, inner);

    public static PreciseBnException ReadFailed(string path, Exception inner) => new(
        "ReadFailed", ErrorKind.ReadFailed,
        $"'{path}' could not be read: {Sentence(inner)}", "Check the file and the disk it is on.", path, inner);

    public static PreciseBnException Truncated(string path) => new(
        "TruncatedFile", ErrorKind.InvalidData,
        $"'{path}' ends too early.", "Copy or download the file again.", path);

    public static PreciseBnException Damaged(string path, string what) => new(
        "DamagedFile", ErrorKind.InvalidData,
        $"'{path}' is damaged: {what}.", "Copy, download or export the file again.", path);

    public static PreciseBnException Unsupported(string path, string what, string advice) => new(
        "UnsupportedFile", ErrorKind.NotSupported,
        $"'{path}' cannot be used: {what}.", advice, path);

    public static PreciseBnException Compressed(string path, string entry) => Unsupported(
        path, $"its entry '{entry}' is compressed", "Save the model with PyTorch again, not with a zip program.");

    public static PreciseBnException ByteOrder(string path, string order) => Unsupported(
        path, $"its byte order is '{order}'", "Save it on a little-endian machine.");

    public static PreciseBnException LimitExceeded(string path, string what) => new(
        "LimitExceeded", ErrorKind.InvalidData,
        $"'{path}' was refused: {what}.", "No honest file has this; do not use it if you do not trust its source.", path);

    public static PreciseBnException ReadOnly(string path) => new(
        "ReadOnlyFile", ErrorKind.AccessDenied,
        $"'{path}' is read-only.", "Make it writable, or write to another file.", path);

    public static PreciseBnException NoSuchFolder(string path) => new(
        "FolderNotFound", ErrorKind.NotFound,
        $"'{path}' cannot be written: its folder does not exist.", "Create the folder first.", path);

    public static PreciseBnException WriteFailed(string path, Exception inner) => new(
        "WriteFailed", ErrorKind.WriteFailed,
        $"'{path}' could not be written: {Sentence(inner)} Nothing was changed.", AdviceFor(inner), path, inner);

    public static PreciseBnException Changed(string path) => new(
        "FileChanged", ErrorKind.Conflict,
        $"'{path}' was changed by somebody else in the meantime; nothing was written.", "Run the command again.", path);

    public static PreciseBnException DestinationExists(string path) => new(
        "DestinationExists", ErrorKind.Conflict,
        $"The destination '{path}' exists.", "Allow that it is replaced, or choose another name.", path);

    public static PreciseBnException Busy(string path) => new(
        "FileBusy", ErrorKind.Conflict,
        $"'{path}' is being written by another process; nothing was written.", "Wait for that to end, and run the command again.", path);

    public static PreciseBnException LockNotTaken(string path, string lockFile, Exception inner) => new(
        "LockNotTaken", inner is UnauthorizedAccessException ? ErrorKind.AccessDenied : ErrorKind.WriteFailed,
        $"'{path}' cannot be written, because its lock '{lockFile}' cannot be taken: {Sentence(inner)} Nothing was written.",
        "If no other command is writing the file, have the lock removed by its owner.", path, inner);

    public static PreciseBnException PartlyWritten(string path, IReadOnlyCollection<(string File, string Old)> left, PreciseBnException inner) => new(
        "PartlyWritten", inner.Kind,
        $"Of the files of '{path}' not all could be written, nor all be put back: new is {WithOld(left)}; the others are what they were. "
            + Sentence(inner.InnerException ?? inner),
        "Move each old file over the new one, to have the model as it was.", path, inner);

    public static PreciseBnException BrokenOff(string path, IReadOnlyCollection<(string File, string Old)> kept) => new(
        "WriteBrokenOff", ErrorKind.Conflict,
        $"A command that replaced files of '{path}' was killed, or is still at it, so that they may not belong together: "
            + $"new may be {WithOld(kept)}; the others are what they were.",
        "If no command is writing the model, move each old file over the new one, to have the model as it was.", path);

    public static PreciseBnException OwnerNotKept(string path) => new(
        "OwnerNotKept", ErrorKind.AccessDenied,
        $"'{path}' belongs to another user, and what replaces it would not; nothing was written.",
        "Run the command as the owner of the file, or write to another file.", path);

    public static PreciseBnException NoRoom(string path, Exception inner) => new(
        "WriteFailed", ErrorKind.WriteFailed,
        $"'{path}' could not be copied into a temporary file, to be observed there: {inner.Message.TrimEnd('.')}.",
        TemporaryFile.Advice, path, inner);

    public static PreciseBnException NoNarrowPath(string path, string copy) => new(
        "TemporaryPathNotUsable", ErrorKind.NotSupported,
        $"libtorch cannot be given the path of the temporary copy of '{path}', '{copy}': this machine's code page lacks some of its letters.",
        "Name a folder of plain letters for temporary files by the environment variable TMP.", path);

    public static PreciseBnException DestinationTwice(string path, string first, string second) => new(
        "DestinationTwice", ErrorKind.InvalidArgument,
        $"The results for '{first}' and '{second}' would both be written to '{path}'.", "Write them to different folders, or one after the other to different files.", path);

    public static PreciseBnException DestinationIsSource(string path, string written) => new(
        "DestinationIsSource", ErrorKind.InvalidArgument,
        $"The result for '{written}' would be written over '{path}', which was given too.", "Choose another destination.", path);

    private static string WithOld(IEnumerable<(string File, string Old)> files) =>
        string.Join(" and ", files.Select(file => $"'{file.File}', of which the old one is '{file.Old}'"));

    private static string AdviceFor(Exception writeFailed) => writeFailed is IOException { HResult: ReadOnlyFileSystem } or FileNotFoundException
        ? "Choose a destination on another disk." : "Make room on the disk or choose another destination.";

    private static string Sentence(Exception inner) => inner.Message.TrimEnd('.') + ".";
}
