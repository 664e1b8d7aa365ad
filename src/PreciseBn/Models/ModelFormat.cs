using System.Text;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models;

/// <summary>Tells what a file is that no layers can be read from, by its first bytes, so that the error can say what to do instead.</summary>
internal static class ModelFormat
{
    private const string DistributedPart = ".distcp";
    private const string DistributedIndex = ".metadata";
    private const int LongestStart = 512;

    private const string Unpack = "Unpack it, and give the file in it.";
    private const string SaveAnew = "Load it in Python, and save its tensors with torch.save or as safetensors.";
    private const string ExportAnew = "Export the model from PyTorch with torch.jit.save or torch.export.save instead.";

    // The number that torch.save began its pickles with before 1.6, in protocol 2 (torch/serialization.py, MAGIC_NUMBER).
    private static readonly byte[] OldMagic = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

    private static readonly (int At, byte[] Bytes, string What, string Advice)[] Known =
    [
        (0, [0x89, .. "HDF\r\n\x1a\n"u8], "an HDF5 file, as Keras and others write", ExportAnew),
        (0, [.. "GGUF"u8], "a model for llama.cpp (GGUF)", "Such models have no BatchNorm layers that statistics could be kept for."),
        (4, [.. "PTMF"u8], "a model for PyTorch Mobile in flatbuffers (.ff)", ExportAnew),
        (4, [.. "TFL3"u8], "a model for TensorFlow Lite", ExportAnew),
        (4, [.. "ET1"u8], "a program for ExecuTorch", ExportAnew),
        (257, [.. "ustar"u8], "a tar archive", Unpack),
        (0, [0x1f, 0x8b], "compressed with gzip", Unpack),
        (0, [0x28, 0xb5, 0x2f, 0xfd], "compressed with Zstandard", Unpack),
        (0, [0xfd, .. "7zXZ\0"u8], "compressed with xz", Unpack),
        (0, [.. "BZh"u8], "compressed with bzip2", Unpack),
        (0, [.. "7z"u8, 0xbc, 0xaf, 0x27, 0x1c], "a 7-Zip archive", Unpack),
        (0, [0x93, .. "NUMPY"u8], "an array of NumPy, which has no layers", "Give the model; arrays are data for it."),
    ];

    /// <summary>What a file is that is no zip archive.</summary>
    public static PreciseBnException Explain(SourceFile file)
    {
        if (file.Length == 0)
            return ModelErrors.NotAModel(file.Path, "it is empty");
        var start = file.Read(0, (int)Math.Min(file.Length, LongestStart));
        if (start.AsSpan().StartsWith("PK"u8))
            return FileErrors.Truncated(file.Path);
        if (start.AsSpan().StartsWith(OldMagic))
            return ModelErrors.OldFormat(file.Path);
        if (IsPickle(start))
            return Other(file.Path, "a pickle that torch.save has not written", SaveAnew);
        foreach (var (at, bytes, what, advice) in Known)
        {
            if (start.AsSpan(Math.Min(at, start.Length)).StartsWith(bytes))
                return Other(file.Path, what, advice);
        }
        return IsProtobuf(start) ? Other(file.Path, "a model in protobuf, as ONNX and TensorFlow write", ExportAnew) : ExplainText(file.Path, start);
    }

    /// <summary>What a zip archive is that PyTorch has not written.</summary>
    public static PreciseBnException Explain(ZipContents zip)
    {
        var path = zip.File.Path;
        if (zip.Entries.ContainsKey("model.weights.h5"))
            return Other(path, "a model of Keras", ExportAnew);
        if (zip.Entries.ContainsKey("MAR-INF/MANIFEST.json"))
            return Other(path, "an archive for TorchServe (.mar)", Unpack);
        return zip.Entries.Count > 0 && zip.Entries.Keys.All(name => name.EndsWith(".npy", StringComparison.Ordinal))
            ? Other(path, "arrays of NumPy (.npz), which have no layers", "Give the model; arrays are data for it.")
            : ModelErrors.NotAModel(path, "it is a zip archive of something else");
    }

    /// <summary>Refuses a folder, and tells what to give of it.</summary>
    /// <exception cref="PreciseBnException">The path leads to one.</exception>
    public static void RefuseFolder(string path)
    {
        if (!Directory.Exists(path))
            return;
        if (File.Exists(Path.Combine(path, DistributedIndex)))
            throw ModelErrors.DistributedCheckpoint(path, path);
        throw File.Exists(Path.Combine(path, "saved_model.pb"))
            ? Other(path, "a SavedModel of TensorFlow", ExportAnew)
            : FileErrors.IsDirectory(path);
    }

    /// <summary>Refuses a file of a checkpoint that only the whole folder can be read as.</summary>
    /// <exception cref="PreciseBnException">It is one.</exception>
    public static void RefusePart(SourceFile file)
    {
        if (Path.GetExtension(file.Path).Equals(DistributedPart, StringComparison.OrdinalIgnoreCase) || Path.GetFileName(file.Path) == DistributedIndex)
            throw ModelErrors.DistributedCheckpoint(file.Path, Path.GetDirectoryName(Path.GetFullPath(file.Path))!);
    }

    private static PreciseBnException ExplainText(string path, byte[] start)
    {
        var text = Encoding.UTF8.GetString(start).TrimStart('\ufeff', ' ', '\t', '\r', '\n');
        if (text.StartsWith("version https://git-lfs", StringComparison.Ordinal))
            return Other(path, "a pointer of Git LFS, which stands for the file that it should be", "Fetch the file itself with git lfs pull.");
        if (text.StartsWith("<!DOCTYPE", StringComparison.OrdinalIgnoreCase) || text.StartsWith("<html", StringComparison.OrdinalIgnoreCase))
            return Other(path, "a web page (HTML)", "Download the file itself, not the page that leads to it or asks for a password.");
        if (text.StartsWith("<?xml", StringComparison.Ordinal))
            return Other(path, "text in XML, as OpenVINO writes beside its weights", ExportAnew);
        return text.StartsWith('{') || text.StartsWith('[')
            ? Other(path, "text in JSON", $"Give the file that has the tensors; of several files, their index, whose name ends in {Checkpoints.CheckpointIndex.Ending}.")
            : ModelErrors.NotAModel(path, "nothing in it is known as a model");
    }

    private static bool IsPickle(byte[] start) => start.Length >= 2 && start[0] == 0x80 && start[1] is >= 2 and <= 5;

    // A version as the first field, and behind it the name of a producer, a graph, or what else an ONNX or a SavedModel may go on with.
    private static bool IsProtobuf(byte[] start) => start.Length >= 4 && start[0] == 0x08 && start[1] is >= 1 and <= 32 && start[2] is 0x12 or 0x3a or 0x42;

    private static PreciseBnException Other(string path, string what, string advice) => ModelErrors.OtherFormat(path, what, advice);
}
