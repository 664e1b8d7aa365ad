using System.Globalization;
using PreciseBn.Models;
using PreciseBn.Primitives;

namespace PreciseBn.Averaging;

/// <summary>What can be wrong with files that are to be averaged, in words for the person who gave them.</summary>
internal static class AveragingErrors
{
    public static PreciseBnException TooFew(IReadOnlyList<string> paths) => new(
        "NothingToAverage", ErrorKind.InvalidArgument,
        paths.Count == 0 ? "No file was given." : $"'{paths[0]}' is the only file that was given, so that there is nothing to average it with.",
        "Give the files of at least two epochs.", paths.FirstOrDefault());

    public static PreciseBnException WrongWeightCount(int weights, int files) => new(
        "WrongWeightCount", ErrorKind.InvalidArgument,
        string.Create(CultureInfo.InvariantCulture, $"There are {weights} weights for {files} files."), "Give a weight for each file, in their order.", weights);

    public static PreciseBnException SameFile(string path, string other) => new(
        "FileTwice", ErrorKind.InvalidArgument,
        path == other ? $"'{path}' was given twice." : $"'{path}' and '{other}' are one file.",
        "Give each file once; one that is to count more can have a larger weight.", path);

    public static PreciseBnException SeveralPrograms(string path, IReadOnlyCollection<string> names) => new(
        "ProgramsNotAveraged", ErrorKind.NotSupported,
        $"'{path}' holds {names.Count} exported programs, of which no average is made: {string.Join(", ", names)}.", "Save each in a file of its own.", path);

    public static PreciseBnException DestinationIsInput(string path) => new(
        "DestinationIsSource", ErrorKind.InvalidArgument,
        $"The destination '{path}' is one of the files to average, and would be averaged again the next time.", "Choose another destination.", path);

    public static PreciseBnException Differ(string path, string last, IReadOnlyList<string> differences) => new(
        "FilesDiffer", ErrorKind.InvalidData,
        $"'{path}' and '{last}' are not of one model: {string.Join("; ", differences)}.",
        "Average files of one architecture, saved in the same way.", path);

    public static PreciseBnException NoWeights(ModelFile model) => new(
        "NoWeights", ErrorKind.NotSupported,
        $"'{model.Path}' has no weights that could be averaged: there is no tensor of floating-point numbers in a module or a state_dict.",
        "Give a model, or a checkpoint with its state_dict.", model.Path);

    public static PreciseBnException OtherTypes(string path, StoredWeight tensor, StoredWeight other) => new(
        "TensorNotAveraged", ErrorKind.NotSupported,
        $"'{tensor.Name}' and '{other.Name}' of '{path}' take the same bytes for {tensor.DType} and for {other.DType}, of which no average is made.",
        "Save one of them with tensor.clone().", path);

    public static PreciseBnException NotFinite(string path, string tensor, double value) => new(
        "NotFiniteWeight", ErrorKind.InvalidData,
        string.Create(CultureInfo.InvariantCulture, $"'{tensor}' of '{path}' has the number {value}, so that its average would be none; nothing was written."),
        "Leave this file out, and find out where its training diverged.", path);

    public static PreciseBnException TooLarge(string path, string tensor) => new(
        "NotFiniteWeight", ErrorKind.InvalidData,
        $"The numbers of '{tensor}' in the files up to '{path}' are too large to be averaged in float64; nothing was written.",
        "Leave out the file in which they are that large.", path);
}
