using System.Text.RegularExpressions;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Data.Files;

/// <summary>
/// The binary version of CIFAR-10 and CIFAR-100: records of one or two labels and an image of 3 channels, 32 rows and 32
/// columns, channels first (www.cs.toronto.edu/~kriz/cifar.html). Nothing in the files says so; names and sizes do.
/// </summary>
internal static partial class CifarFile
{
    private const int Channels = 3;
    private const int Side = 32;
    private const int ImageSize = Channels * Side * Side;
    private const string Images = "images";

    private static readonly (string Name, byte Classes)[] OneLabel = [("labels", 10)];
    private static readonly (string Name, byte Classes)[] TwoLabels = [("coarse_labels", 20), ("labels", 100)];

    /// <returns>Images and labels, or <c>null</c> where neither the name nor the size of the file is that of such a file.</returns>
    /// <exception cref="PreciseBnException">The file is damaged.</exception>
    public static ArrayFile? TryRead(SourceFile file)
    {
        var name = Path.GetFileName(file.Path);
        if (TenClasses().IsMatch(name))
            return Read(file, OneLabel);
        if (HundredClasses().IsMatch(name))
            return Read(file, TwoLabels);
        if (Path.GetExtension(name).ToLowerInvariant() != ".bin" || file.Length == 0)
            return null;
        return new[] { OneLabel, TwoLabels }.FirstOrDefault(labels => Fits(file, labels)) is { } found ? Read(file, found) : null;
    }

    private static bool Fits(SourceFile file, (string, byte)[] labels) =>
        file.Length % (labels.Length + ImageSize) == 0 && WrongRecord(file, labels) is null;

    private static ArrayFile Read(SourceFile file, (string Name, byte Classes)[] labels)
    {
        var record = labels.Length + ImageSize;
        var count = file.Length / record;
        if (file.Length == 0 || file.Length % record != 0)
            throw FileErrors.Truncated(file.Path);
        if (WrongRecord(file, labels) is { } wrong)
            throw FileErrors.Damaged(file.Path, $"its record {wrong} has a label that there is not");
        var images = StoredArray.OfItems(Images, DType.UInt8, [count, Channels, Side, Side],
            (index, image) => file.Read((index * record) + labels.Length, image));
        var classes = labels.Select((label, place) => StoredArray.OfItems(label.Name, DType.Int64, [count],
            (index, item) => WriteInt64LittleEndian(item, file.Read((index * record) + place, 1)[0])));
        return new ArrayFile(file.Path, [images, .. classes], file) { InputNames = [Images] };
    }

    private static long? WrongRecord(SourceFile file, (string Name, byte Classes)[] labels)
    {
        var found = new byte[labels.Length];
        for (var record = 0L; record < file.Length / (labels.Length + ImageSize); record++)
        {
            file.Read(record * (labels.Length + ImageSize), found);
            if (found.Zip(labels, (value, label) => value >= label.Classes).Contains(true))
                return record;
        }
        return null;
    }

    [GeneratedRegex(@"^(data_batch_[0-9]+|test_batch)\.bin$", RegexOptions.IgnoreCase)]
    private static partial Regex TenClasses();

    [GeneratedRegex(@"^(train|test)\.bin$", RegexOptions.IgnoreCase)]
    private static partial Regex HundredClasses();
}
