namespace PreciseBn.Host;

/// <summary>What the process returns, unless the script says otherwise with <c>exit</c>.</summary>
internal static class HostExitCode
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int Usage = 64;
    public const int Interrupted = 130;
}
