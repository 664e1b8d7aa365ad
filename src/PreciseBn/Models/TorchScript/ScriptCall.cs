namespace PreciseBn.Models.TorchScript;

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
