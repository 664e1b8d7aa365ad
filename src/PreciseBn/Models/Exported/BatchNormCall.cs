namespace PreciseBn.Models.Exported;

/// <summary>A node that normalises by running statistics: BatchNorm as it was exported, or what decomposition makes of it.</summary>
/// <param name="Node">The node.</param>
/// <param name="Mean">Name of its running mean in the program.</param>
/// <param name="Variance">Name of its running variance in the program.</param>
/// <param name="Training">Whether it normalises by the batch.</param>
internal sealed record BatchNormCall(ExportedNode Node, string Mean, string Variance, bool Training)
{
    // Each with its mode, where it is no argument.
    private static readonly Dictionary<string, bool?> Operators = new()
    {
        ["torch.ops.aten.batch_norm.default"] = null,
        ["torch.ops.aten.native_batch_norm.default"] = null,
        ["torch.ops.aten._native_batch_norm_legit.default"] = null,
        ["torch.ops.aten._native_batch_norm_legit_functional.default"] = null,
        ["torch.ops.aten._native_batch_norm_legit_no_training.default"] = false,
        ["torch.ops.aten._batch_norm_with_update.default"] = true,
        ["torch.ops.aten._batch_norm_with_update_functional.default"] = true,
        ["torch.ops.aten._batch_norm_no_update.default"] = false,
        ["torch.ops.aten._batch_norm_impl_index.default"] = null,
        ["torch.ops.aten.cudnn_batch_norm.default"] = null,
        ["torch.ops.aten.miopen_batch_norm.default"] = null,
    };

    // Some also return what the running statistics have become, after the output and two or three values for the gradient.
    private static readonly Dictionary<string, int> NewStatistics = new()
    {
        ["torch.ops.aten._native_batch_norm_legit_functional.default"] = 3,
        ["torch.ops.aten._batch_norm_with_update_functional.default"] = 4,
    };

    public double Momentum => Number("momentum", "exponential_average_factor");

    public double Eps => Number("eps", "epsilon");

    public bool IsAffine => Node.Input("weight")?.TensorName is not null;

    /// <summary>The names under which the node returns its running mean and variance as they have become, if it does.</summary>
    public (string Mean, string Variance)? Returned =>
        NewStatistics.TryGetValue(Node.Target, out var first) && Node.Outputs.Count >= first + 2
            && Node.Outputs[first].TensorName is { } mean && Node.Outputs[first + 1].TensorName is { } variance
            ? (mean, variance)
            : null;

    /// <returns>The call, or <c>null</c> where the node is something else or has no running statistics.</returns>
    public static BatchNormCall? TryRead(ExportedNode node) =>
        Operators.TryGetValue(node.Target, out var training)
            && node.Input("running_mean")?.TensorName is { } mean && node.Input("running_var")?.TensorName is { } variance
            && node.Outputs.Count > 0
            ? new BatchNormCall(node, mean, variance, training ?? node.Input("training")?.Value.GetBoolean() ?? false)
            : null;

    private double Number(string name, string otherName) => (Node.Input(name) ?? Node.Input(otherName))?.Value.GetDouble() ?? double.NaN;
}
