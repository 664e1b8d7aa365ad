using System.Management.Automation;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>Failures of the core as error records.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord ToErrorRecord(this PreciseBnException failure) =>
        new(failure.InWordsOfCmdlets(), failure.ErrorId, Category(failure.Kind), failure.Target);

    private static ErrorCategory Category(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => ErrorCategory.InvalidArgument,
        ErrorKind.NotFound => ErrorCategory.ObjectNotFound,
        ErrorKind.InvalidData => ErrorCategory.InvalidData,
        ErrorKind.NotSupported => ErrorCategory.NotImplemented,
        ErrorKind.Conflict => ErrorCategory.ResourceExists,
        ErrorKind.AccessDenied => ErrorCategory.PermissionDenied,
        ErrorKind.ReadFailed => ErrorCategory.ReadError,
        ErrorKind.WriteFailed => ErrorCategory.WriteError,
        ErrorKind.NotInstalled => ErrorCategory.NotInstalled,
        ErrorKind.NotAvailable => ErrorCategory.ResourceUnavailable,
        ErrorKind.Interrupted => ErrorCategory.OperationStopped,
        _ => ErrorCategory.NotSpecified,
    };
}
