using PreciseBn.Primitives;

namespace PreciseBn.Data;

/// <summary>What can be wrong with data, in words for the person who gave them.</summary>
internal static class DataErrors
{
    public static PreciseBnException UnknownKind(string path) => new(
        "UnknownDataFile", ErrorKind.NotSupported,
        $"'{path}' is no data file that can be read.",
        "Give .npy, .npz, .safetensors, .pt, .csv, .tsv or .parquet files, files of MNIST or CIFAR, or folders of images.", path);

    public static PreciseBnException IsModel(string path, string kind) => new(
        "ModelAsData", ErrorKind.InvalidArgument,
        $"'{path}' is {kind}, not data.", "Give the data that the model is to be run on; a model is opened as one.", path);

    public static PreciseBnException NoImages(string path) => new(
        "NoImages", ErrorKind.NotFound,
        $"The folder '{path}' holds no images.", "Give a folder with .jpg, .jpeg, .png, .bmp, .gif or .webp files, at any depth.", path);

    public static PreciseBnException KeyNotFound(string key, string? origin, IEnumerable<string> names) => new(
        "KeyNotFound", ErrorKind.NotFound,
        $"There is no array '{key}' in {Quote(origin)}, which has {List(names)}.", "Choose among these.", key);

    public static PreciseBnException AmbiguousKey(IEnumerable<string> names) => new(
        "KeyNeeded", ErrorKind.InvalidArgument,
        $"The data have several arrays: {List(names)}.", "Choose one, or say that each is a batch.");

    public static PreciseBnException LabelKeyNeeded(string? origin, IEnumerable<string> names) => new(
        "LabelsNeeded", ErrorKind.InvalidArgument,
        $"It is not known which array of {Quote(origin)} has the labels; there are {List(names)}.", "Say which part of the data has them.", origin);

    public static PreciseBnException LabelsOfBatches(string? origin, string key) => new(
        "LabelsOfBatches", ErrorKind.InvalidArgument,
        $"The arrays of {Quote(origin)} are batches, whose labels cannot be told from them by the name '{key}' alone.",
        $"Name arrays after their batch, such as batch0.images and batch0.{key}, and say which part is the input.", key);

    public static PreciseBnException LabelKeyNotFound(string key, string? origin, IEnumerable<string> names) => new(
        "LabelNotFound", ErrorKind.NotFound,
        $"There are no labels '{key}' in {Quote(origin)}, which has {List(names)}.", "Choose among these.", key);

    public static PreciseBnException LabelNotFound(string key, string batch) => new(
        "LabelNotFound", ErrorKind.NotFound, $"There are no labels '{key}' in a batch that is {batch}.",
        "Give dictionaries or tuples that have the labels beside the inputs.", key);

    public static PreciseBnException LabelsOfFolders(string key) => new(
        "OptionWithoutEffect", ErrorKind.InvalidArgument,
        $"There are no labels '{key}' in folders of images: the class of an image is the folder that it is in.", "Leave the name of the labels out.", key);

    public static PreciseBnException NoClasses(string folder, string path) => new(
        "NoClasses", ErrorKind.InvalidData, $"The image '{path}' is in no folder of '{folder}' that names its class.",
        "Make a folder for each class.", folder);

    public static PreciseBnException EmptyClass(string folder) => new(
        "EmptyClass", ErrorKind.InvalidData,
        $"The folder '{folder}' stands for a class, as it is beside others that do, but has no images; without it the classes after it would have other numbers.",
        "Remove it if it is none, or put its images into it.", folder);

    public static PreciseBnException NoArrays(string? origin) => new(
        "NoArrays", ErrorKind.InvalidData, $"There is no array in {Quote(origin)}.", "Check how the file was written.", origin);

    public static PreciseBnException NothingButLabels(string? origin, string key) => new(
        "NoArrays", ErrorKind.InvalidData, $"In {Quote(origin)} nothing is left for the model: the only array, '{key}', has the labels.",
        "Give the inputs of the model, too.", key);

    public static PreciseBnException NothingNormalised(IEnumerable<string> names, bool areKept) => new(
        "OptionWithoutEffect", ErrorKind.InvalidArgument,
        $"The mean and the deviation have no effect on {List(names)}: {(areKept ? "integers are given to the model as they are" : "of several inputs images alone are normalised, and none is one")}.",
        areKept ? "Leave them out, or let integers be scaled." : "Leave them out, and normalise the inputs before they are stored, or in a transform.");

    public static PreciseBnException NoEntries(string key, string batch) => new(
        "OptionWithoutEffect", ErrorKind.InvalidArgument, $"The choice of '{key}' has no effect on a batch that is {batch}.",
        "Leave it out, or give dictionaries or tuples.", key);

    public static PreciseBnException NoItems(string name, string? origin) => new(
        "NoItems", ErrorKind.InvalidData,
        $"The array '{name}' of {Quote(origin)} has no items: its first dimension counts them.", "Stack the items along a first dimension.", name);

    public static PreciseBnException LengthsDiffer(string first, long firstLength, string second, long secondLength) => new(
        "LengthsDiffer", ErrorKind.InvalidData,
        $"The array '{first}' has {firstLength} items, but '{second}' has {secondLength}.", "Inputs of one model need as many items each.", second);

    public static PreciseBnException PartsDiffer(string name, string first, string firstKind, string file, string kind) => new(
        "PartsDiffer", ErrorKind.InvalidData,
        $"'{name}' of '{file}' is {kind}, but that of '{first}' is {firstKind}: they differ beyond the first dimension, and do not make one data set.",
        "Make a loader for each, or choose arrays of one kind.", file);

    public static PreciseBnException TooManyItems(string name, string? origin, long count) => new(
        "TooManyItems", ErrorKind.NotSupported,
        $"The array '{name}' of {Quote(origin)} has {count} items, more than can be ordered.", $"Divide it into files of at most {int.MaxValue} items.", name);

    public static PreciseBnException ItemTooLarge(string name, string kind) => new(
        "ItemTooLarge", ErrorKind.NotSupported,
        $"An item of the array '{name}', {kind}, takes more than 2 GB.", "Stack the items along the first dimension.", name);

    public static PreciseBnException IncompleteBatch(string batch, string key) => new(
        "IncompleteBatch", ErrorKind.InvalidData,
        $"The batch '{batch}' has no array '{batch}.{key}'.", "Each batch needs an array for each input.", batch);

    public static PreciseBnException WrongChannelCount(string what, int given, long channels, string name) => new(
        "WrongChannelCount", ErrorKind.InvalidArgument,
        $"The {what} has {given} numbers, but '{name}' has {channels} channels.", "Give one number, or one a channel.", name);

    public static PreciseBnException InvalidNormalization(string what, double value) => new(
        "InvalidNormalization", ErrorKind.InvalidArgument, FormattableString.Invariant($"The {what} is {value}, by which nothing can be normalised."),
        "Give the mean and the deviation of each channel, on the scale of the data divided by 255 if they are uint8.", value);

    public static PreciseBnException NotAnImageLayout(string name, int dimensions) => new(
        "NotAnImage", ErrorKind.InvalidArgument,
        $"A layout of images was given, but '{name}' has {dimensions} dimensions.", "Leave it out, or give [N, H, W], [N, C, H, W] or [N, H, W, C].", name);

    public static PreciseBnException UnreadableImage(string path, string why) => new(
        "UnreadableImage", ErrorKind.InvalidData,
        $"The image '{path}' cannot be read: {why}.", "Repair or remove it, or let such images be skipped.", path);

    public static PreciseBnException ImageTooSmall(string path, (int Width, int Height) size, (int Width, int Height) resized, int crop) => new(
        "ImageTooSmall", ErrorKind.InvalidData,
        $"The image '{path}' is {size.Width} by {size.Height} pixels{(resized == size ? "" : $", resized to {resized.Width} by {resized.Height}")}, "
            + $"too small to cut out {crop} by {crop}.", "Let it be resized first.", path);

    public static PreciseBnException SizesDiffer(string path, int width, int height, int firstWidth, int firstHeight) => new(
        "ImageSizesDiffer", ErrorKind.InvalidData,
        $"The image '{path}' is {width} by {height} pixels, but others in its batch are {firstWidth} by {firstHeight}.",
        "Let all images be resized or cropped to one size.", path);

    public static PreciseBnException MixedPaths() => new(
        "MixedPaths", ErrorKind.InvalidArgument,
        "Folders of images and files of arrays cannot be mixed.", "Make one loader for each.");

    public static PreciseBnException NotData(object? value) => new(
        "NotData", ErrorKind.InvalidArgument,
        $"An object of type {value?.GetType().Name ?? "null"} cannot be given to a model.",
        "Give tensors, arrays of numbers, or arrays, tuples or dictionaries of them.", value);

    public static PreciseBnException InputKeyNeeded(IEnumerable<string> keys) => new(
        "InputKeyNeeded", ErrorKind.InvalidArgument,
        $"Batches are dictionaries with the keys {List(keys)}.", "Say which of them the model takes.");

    public static PreciseBnException InputKeyNotFound(string key, IEnumerable<string> keys) => new(
        "InputKeyNotFound", ErrorKind.NotFound,
        $"A batch has no '{key}'; it has {List(keys)}.", "Choose among these.", key);

    public static PreciseBnException TransformFailed(string batch, string why, Exception inner) => new(
        "TransformFailed", ErrorKind.InvalidData,
        $"The transform failed on {batch}: {why}", "Correct it; it gets the batch, and returns what the model is given.", inner: inner);

    public static PreciseBnException NotTransformed(string batch, string returned) => new(
        "NotTransformed", ErrorKind.InvalidData,
        $"The transform returned {returned} for {batch}.", "Return a tensor for each input of the model, or a dictionary of them.");

    private static string Quote(string? origin) => origin is null ? "the data" : $"'{origin}'";

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Take(12).Select(name => $"'{name}'"));
}
