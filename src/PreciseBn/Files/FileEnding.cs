using System.Collections.Frozen;

namespace PreciseBn.Files;

/// <summary>What the ending of a name says of a file. Most programs go by it, so that a file of another kind would be lost on them.</summary>
/// <param name="Usual">The ending, or the most usual of several for one kind.</param>
/// <param name="Files">What files are that end so, in words.</param>
internal sealed record FileEnding(string Usual, string Files)
{
    public static readonly FileEnding Torch = new(".pt", "models and tensors that torch.save or torch.jit.save wrote");
    public static readonly FileEnding Program = new(".pt2", "programs of torch.export");
    public static readonly FileEnding Safetensors = new(".safetensors", "safetensors files");
    public static readonly FileEnding Page = new(".html", "pages in HTML");
    public static readonly FileEnding Pixels = new(".png", "pictures in PNG");
    public static readonly FileEnding Drawing = new(".svg", "drawings in SVG");

    private static readonly FrozenDictionary<string, FileEnding> Known = Endings(
        (Torch, ".pt .pth .ts .ckpt .pkl"), (Program, ".pt2"), (Safetensors, ".safetensors"), (Page, ".html .htm"), (Pixels, ".png"), (Drawing, ".svg"),
        (new(".npz", "arrays of NumPy"), ".npy .npz"), (new(".csv", "tables"), ".csv .tsv .parquet .pq .xlsx"), (new(".txt", "text"), ".txt .md .log .json .xml .yaml .yml .ps1 .py"),
        (new(".jpg", "pictures"), ".jpg .jpeg .gif .bmp .webp"), (new(".pdf", "documents"), ".pdf .docx"),
        (new(".onnx", "models of other kinds"), ".onnx .h5 .keras .gguf .tflite"));

    /// <summary>Makes sure that a name does not say that a file is what it will not be. An ending that says nothing is as good as none.</summary>
    /// <param name="path">The file that is to be written.</param>
    /// <param name="what">What it will be, in words.</param>
    /// <param name="like">A file of the same kind, as whose name others may end, too.</param>
    /// <exception cref="Primitives.PreciseBnException">It does.</exception>
    public void Require(string path, string what, string? like = null)
    {
        var ending = Path.GetExtension(path);
        if (Known.TryGetValue(ending, out var known) && known != this && !ending.Equals(Path.GetExtension(like), StringComparison.OrdinalIgnoreCase))
            throw FileErrors.WrongEnding(path, what, ending, known.Files, Usual);
    }

    private static FrozenDictionary<string, FileEnding> Endings(params (FileEnding Kind, string Endings)[] kinds) => kinds
        .SelectMany(kind => kind.Endings.Split(' ').Select(ending => (ending, kind.Kind)))
        .ToFrozenDictionary(item => item.ending, item => item.Kind, StringComparer.OrdinalIgnoreCase);
}
