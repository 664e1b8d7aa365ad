using PreciseBn.Models.Compiled;
using PreciseBn.Primitives;

namespace PreciseBn.Models.TorchScript;

/// <summary>
/// Has libtorch put a model's functions into one, which it does by itself only where it optimizes graphs: a call takes more than a
/// microsecond, and a small network makes some hundred of them for a batch.
/// </summary>
/// <remarks>
/// A function is inlined when the function that calls it is. So there is one that would call the model, but for a condition that turns out
/// to be false after that: what is left of it is empty, and cheap to optimize. The model runs as it is, inlined.
/// </remarks>
internal static class ScriptInlining
{
    /// <summary>A method of the root module that inlines the one to run, when it is first run where graphs are optimized; it does nothing.</summary>
    public const string Method = "precise_bn_inline";

    /// <summary>The function that takes the place of torch.batch_norm.</summary>
    public const string LayerFunction = "batch_norm_apart";

    // It takes longer than in proportion to the size of the graph: more layers would begin later than they do without it.
    private const int MostLayers = 256;

    /// <summary>The functions that it needs, for an archive.</summary>
    public static string Functions => EmbeddedText.Read("inlining.py");

    /// <summary>Whether a model can be inlined, and computes the same then to the last bit, as parts of the data may be run without.</summary>
    /// <param name="code">Its source; what runs at the same time is run by threads that optimize.</param>
    /// <param name="calls">Whether it calls a function of libtorch; an addition to a product of matrices becomes one operation.</param>
    /// <param name="layers">The number of its layers.</param>
    public static bool Fits(ScriptCode code, Func<string, bool> calls, int layers) => layers <= MostLayers && !code.IsParallel && !calls("mm");

    /// <summary>The source of the method.</summary>
    /// <param name="rootType">Qualified name of the class of the root module.</param>
    /// <param name="method">The method to run.</param>
    /// <param name="parameters">Its parameters.</param>
    public static string WriteMethod(string rootType, string method, IReadOnlyCollection<string> parameters) => $"""
          def {Method}(self: {string.Join(",\n    ", parameters.Prepend(rootType))}) -> NoneType:
            layer = {ObservationFunction.Namespace}inline_layer()
            if {ObservationFunction.Namespace}never():
              result = (self).{method}({string.Join(", ", parameters.Select(parameter => parameter[..parameter.IndexOf(':', StringComparison.Ordinal)]))})
            return None

        """.ReplaceLineEndings("\n");
}
