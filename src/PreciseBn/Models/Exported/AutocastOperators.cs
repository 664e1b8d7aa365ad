namespace PreciseBn.Models.Exported;

/// <summary>What torch.autocast does to the arguments of operators (aten/src/ATen/autocast_mode.h).</summary>
internal static class AutocastOperators
{
    private const int Float32 = 7;

    private static readonly HashSet<string> Reduced =
    [
        "conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "_convolution", "convolution",
        "addmm", "addbmm", "baddbmm", "bmm", "mm", "matmul", "linear", "chain_matmul", "linalg_multi_dot", "prelu",
        "scaled_dot_product_attention", "_native_multi_head_attention", "linalg_vecdot",
    ];

    private static readonly HashSet<string> ReducedOnCuda = ["addmv", "addr", "mv"];

    private static readonly HashSet<string> WideEverywhere =
    [
        "binary_cross_entropy_with_logits", "binary_cross_entropy", "cdist", "cosine_embedding_loss", "ctc_loss", "grid_sampler", "hinge_embedding_loss",
        "huber_loss", "kl_div", "l1_loss", "margin_ranking_loss", "mse_loss", "multi_margin_loss", "multilabel_margin_loss", "nll_loss", "nll_loss2d",
        "poisson_nll_loss", "prod", "smooth_l1_loss", "soft_margin_loss", "trace", "triplet_margin_loss",
    ];

    private static readonly HashSet<string> WideOnProcessor =
    [
        "adaptive_avg_pool3d", "adaptive_max_pool3d", "avg_pool3d", "max_pool3d", "max_unpool2d", "max_unpool3d", "polar", "quantile", "nanquantile", "stft",
        "view_as_complex", "cholesky", "inverse", "reflection_pad1d", "reflection_pad2d", "replication_pad1d", "replication_pad2d", "replication_pad3d",
    ];

    private static readonly HashSet<string> WideOnCuda =
    [
        "acos", "asin", "cosh", "cosine_similarity", "cumprod", "cumsum", "dist", "erfinv", "exp", "expm1", "gelu", "group_norm", "layer_norm",
        "log", "log10", "log1p", "log2", "log_softmax", "native_layer_norm", "norm", "pdist", "pow", "reciprocal", "renorm", "rsqrt", "sinh", "softmax",
        "softmin", "softplus", "sum", "tan",
    ];

    /// <returns>The number format, as the schema has it, that an operator gets its tensors in; <c>null</c> is the one they have.</returns>
    public static int? FormatFor(string function, ExportedAutocast mode) =>
        Reduced.Contains(function) || (mode.Device != "cpu" && ReducedOnCuda.Contains(function)) ? mode.ScalarType
        : WideEverywhere.Contains(function) || (mode.Device == "cpu" ? WideOnProcessor : WideOnCuda).Contains(function) ? Float32
        : null;
}
