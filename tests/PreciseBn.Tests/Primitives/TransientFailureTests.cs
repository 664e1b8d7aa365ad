using PreciseBn.Primitives;

namespace PreciseBn.Tests;

/// <summary>Which failures may pass by themselves, so that a scheduler tries again.</summary>
public sealed class TransientFailureTests
{
    [Theory]
    [InlineData("FileBusy", ErrorKind.Conflict, true)]
    [InlineData("FileChanged", ErrorKind.Conflict, true)]
    [InlineData("FileInUse", ErrorKind.Conflict, true)]
    [InlineData("ReadFailed", ErrorKind.ReadFailed, true)]
    [InlineData("WriteFailed", ErrorKind.WriteFailed, true)]
    [InlineData("Interrupted", ErrorKind.Interrupted, true)]
    [InlineData("FileNotFound", ErrorKind.NotFound, false)]
    [InlineData("InvalidOption", ErrorKind.InvalidArgument, false)]
    [InlineData("CheckpointOfOtherRun", ErrorKind.Conflict, false)]
    [InlineData("DestinationExists", ErrorKind.Conflict, false)]
    [InlineData("ModelsDiffer", ErrorKind.InvalidData, false)]
    [InlineData("AccessDenied", ErrorKind.AccessDenied, false)]
    [InlineData("DeviceNotFound", ErrorKind.NotInstalled, false)]
    public void Only_what_may_pass_is_worth_another_try(string id, ErrorKind kind, bool isTransient) =>
        Assert.Equal(isTransient, new PreciseBnException(id, kind, "Something is wrong.", "Do something.").IsTransient);
}
