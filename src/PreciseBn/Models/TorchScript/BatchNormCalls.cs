namespace PreciseBn.Models.TorchScript;

/// <summary>A function of libtorch that is BatchNorm.</summary>
/// <param name="Training">Which argument says the mode; -1 is none.</param>
/// <param name="IsTraining">The mode, where no argument says it.</param>
/// <param name="Momentum">Which argument is the momentum; eps is the next.</param>
/// <param name="Results">How many results it has.</param>
/// <param name="Replacement">The function in precise_bn.py that takes its place.</param>
/// <param name="Statistics">Which of the results are the updated statistics; 0 is none.</param>
internal sealed record BatchNormSpelling(int Training, bool IsTraining, int Momentum, int Results, string Replacement, int Statistics = 0)
{
    // Before these are the input, weight and bias.
    public const int Weight = 1;
    public const int Mean = 3;
    public const int Variance = 4;

    private static readonly Dictionary<string, BatchNormSpelling> Spellings = new()
    {
        ["batch_norm"] = new(5, false, 6, 1, "batch_norm"),
        ["native_batch_norm"] = new(5, false, 6, 3, "native_batch_norm"),
        ["_native_batch_norm_legit"] = new(5, false, 6, 3, "native_batch_norm"),
        ["_native_batch_norm_legit_functional"] = new(5, false, 6, 5, "_native_batch_norm_legit_functional", 3),
        ["_native_batch_norm_legit_no_training"] = new(-1, false, 5, 3, "_native_batch_norm_legit_no_training"),
        ["_batch_norm_impl_index"] = new(5, false, 6, 5, "_batch_norm_impl_index"),
        ["_batch_norm_with_update"] = new(-1, true, 5, 4, "_batch_norm_with_update"),
        ["_batch_norm_with_update_functional"] = new(-1, true, 5, 6, "_batch_norm_with_update_functional", 4),
        ["_batch_norm_no_update"] = new(-1, false, 5, 4, "_batch_norm_no_update"),
        ["cudnn_batch_norm"] = new(5, false, 6, 4, "cudnn_batch_norm"),
        ["miopen_batch_norm"] = new(5, false, 6, 3, "native_batch_norm"),
    };

    /// <returns>How to read a call of the function, or <c>null</c> if it is none of these.</returns>
    public static BatchNormSpelling? Find(string function) => Spellings.GetValueOrDefault(function);

    /// <summary>Whether a function normalises by running statistics in a way that cannot be observed.</summary>
    public static bool IsOpaque(string function) =>
        Find(function) is null && (function.StartsWith("batch_norm", StringComparison.Ordinal) || function.StartsWith("_batch_norm", StringComparison.Ordinal))
        && !function.Contains("backward", StringComparison.Ordinal);
}

/// <summary>A place in the code at which BatchNorm is called.</summary>
/// <param name="Function">The function or method that it is in.</param>
/// <param name="Spelling">Name of the function that is called, such as <c>batch_norm</c>.</param>
/// <param name="Start">Where its name begins in the file, with what stands before it.</param>
/// <param name="End">Where the call ends, behind its last bracket.</param>
internal sealed record ScriptSite(ScriptFunction Function, string Spelling, int Start, int End);

/// <summary>A call of BatchNorm.</summary>
/// <param name="Site">Where.</param>
/// <param name="Module">The module whose code it is in.</param>
/// <param name="Mean">What is known of its running mean.</param>
/// <param name="Variance">What is known of its running variance.</param>
/// <param name="IsAffine">Whether it has a weight.</param>
/// <param name="Training">Whether it normalises by the batch, where that is known.</param>
/// <param name="Momentum">What it says of the momentum.</param>
/// <param name="Eps">What it says of eps.</param>
internal sealed record ScriptCall(
    ScriptSite Site, ScriptNode Module, ScriptValue Mean, ScriptValue Variance, bool IsAffine, bool? Training, ScriptValue Momentum, ScriptValue Eps);

/// <summary>A place in the code at which statistics are copied or cast on their way to BatchNorm.</summary>
/// <param name="File">The entry of the archive.</param>
/// <param name="Start">Where the expression begins.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Original">The text of what is copied.</param>
internal sealed record ScriptCopy(string File, int Start, int End, string Original);
