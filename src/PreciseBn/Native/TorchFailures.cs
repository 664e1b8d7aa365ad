using System.Runtime.InteropServices;
using PreciseBn.Primitives;

namespace PreciseBn.Native;

/// <summary>Makes errors of libtorch ours that can come wherever it is asked for something: of memory, of devices, and all others.</summary>
internal static class TorchFailures
{
    private static readonly string[] SignsOfMemory =
        ["out of memory", "not enough memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED"];

    private static readonly string[] SignsOfDevice = ["CUDA error", "CUDA driver error", "cuDNN error", "CUBLAS_STATUS"];

    /// <summary>Does some work with a model; what libtorch throws in it that nobody nearer has explained comes as a failure of ours.</summary>
    /// <param name="name">Names the model, once that is needed: libtorch has no name for all that can be given.</param>
    /// <param name="work">The work.</param>
    public static T Guard<T>(Func<string> name, Func<T> work)
    {
        try
        {
            return work();
        }
        // Other exceptions that derive from it are of the system.
        catch (ExternalException e) when (e.GetType() == typeof(ExternalException))
        {
            var model = name();
            throw Explain(e, $"work with the model '{model}'", model);
        }
    }

    /// <summary>Explains an error, whatever it is.</summary>
    /// <param name="error">What libtorch threw.</param>
    /// <param name="doing">What it was to do, as the end of a sentence.</param>
    /// <param name="target">The model or device.</param>
    public static PreciseBnException Explain(Exception error, string doing, string target) => TryExplain(error, doing, target) ?? Other(error, doing, target);

    /// <summary>Explains an error that is of no particular model or data.</summary>
    /// <param name="error">What libtorch threw.</param>
    /// <param name="doing">What it was to do, as the end of a sentence.</param>
    /// <param name="model">The model.</param>
    /// <returns>The failure, or <c>null</c> if the error is of another kind.</returns>
    public static PreciseBnException? TryExplain(Exception error, string doing, string model) =>
        Has(error, SignsOfMemory) ? OutOfMemory(error, doing, model)
        : Has(error, SignsOfDevice) ? DeviceFailed(error, doing, model)
        : null;

    // The whole message has lines of the model's code too.
    private static bool Has(Exception error, string[] signs) =>
        TorchMessage.Of(error) is var reason && signs.Any(sign => reason.Contains(sign, StringComparison.OrdinalIgnoreCase));

    private static PreciseBnException OutOfMemory(Exception error, string doing, string model) => new(
        "OutOfMemory", ErrorKind.NotAvailable, $"There is not enough memory to {doing}: {TorchMessage.Of(error)}",
        "Give smaller batches, or end what else uses the memory.", model, error);

    // A kernel runs after the call that starts it has returned, so that its error comes out of a later call.
    private static PreciseBnException DeviceFailed(Exception error, string doing, string model) => new(
        "DeviceFailed", ErrorKind.NotAvailable,
        $"The device failed when it was to {doing}, or in what it had been given before, as it tells of errors late: {TorchMessage.Of(error)}",
        "Start a new session, as this one may not be able to use the device any more; where CUDA_LAUNCH_BLOCKING=1 is set before, the error comes at its place.", model, error);

    private static PreciseBnException Other(Exception error, string doing, string model) => new(
        "TorchFailed", ErrorKind.NotSupported, $"libtorch failed when it was to {doing}: {TorchMessage.Of(error)}",
        "Check that the model and the data are what they should be, and on one device.", model, error);
}

/// <summary>Takes the sentence that matters out of a message of libtorch, which comes with the trace of the model.</summary>
internal static class TorchMessage
{
    private static readonly string[] Prefixes = ["RuntimeError: ", "builtins.ValueError: ", "builtins.RuntimeError: ", "torch.jit.Error: "];

    public static string Of(Exception exception)
    {
        var lines = exception.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var prefix in Prefixes)
        {
            if (lines.LastOrDefault(line => line.StartsWith(prefix, StringComparison.Ordinal)) is { } line)
                return End(line[prefix.Length..]);
        }
        return lines.Length == 0 ? "no reason was given." : End(lines[0]);
    }

    private static string End(string sentence) => sentence.EndsWith('.') ? sentence : sentence + ".";
}
