namespace PreciseBn.Native;

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
