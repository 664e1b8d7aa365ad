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
