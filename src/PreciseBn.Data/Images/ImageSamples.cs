using PreciseBn.Batches;
using PreciseBn.Primitives;

namespace PreciseBn.Data.Images;

/// <summary>Image files as items. Each is decoded into its place in the batch, and nothing else of it stays in memory.</summary>
/// <param name="images">The files.</param>
/// <param name="folders">The folders that they were found in.</param>
/// <param name="options">How they are prepared, and whether their classes are wanted.</param>
/// <param name="onSkipped">Told about files that cannot be read and are left out.</param>
internal sealed class ImageSamples(IReadOnlyList<ImagePath> images, IReadOnlyList<string> folders, BnDataLoaderOptions options, Action<string> onSkipped) : ISampleSource
{
    private const int MostLookedAt = 8;

    private readonly long[]? _classes = !options.IsLabelled ? null
        : options.LabelKey is { } key ? throw DataErrors.LabelsOfFolders(key) : ImageFolder.Classes(folders, images);
    private readonly ImagePreparation _preparation = new(options);

    public long Count => images.Count;

    /// <summary>
    /// Looks whether some images, the first and the last among them, are as large as what is to be cut out of them. Whatever else is wrong
    /// with one is told when it is its turn.
    /// </summary>
    /// <exception cref="PreciseBnException">One is too small.</exception>
    public void RequireSizes()
    {
        if (options.CropSize is null)
            return;
        var last = images.Count - 1;
        foreach (var path in Enumerable.Range(0, MostLookedAt).Select(i => images[(int)((long)last * i / (MostLookedAt - 1))].Path).Distinct())
        {
            try
            {
                using var image = new EncodedImage(path, options.AutoOrient);
                _ = ImageFit.Of(path, image.Width, image.Height, options);
            }
            catch (PreciseBnException e) when (e.ErrorId == "UnreadableImage")
            {
                // It may be one that is left out.
            }
        }
    }

    public Batch? Load(IReadOnlyList<long> indices)
    {
        using var batch = new ImageBatch(indices.Count, _preparation.Channels);
        foreach (var index in indices)
            Read((int)index, batch);
        return batch.Take();
    }

    public void Dispose()
    {
    }

    private void Read(int index, ImageBatch batch)
    {
        var path = images[index].Path;
        try
        {
            using var image = new EncodedImage(path, options.AutoOrient);
            var fit = ImageFit.Of(path, image.Width, image.Height, options);
            _preparation.Prepare(image, fit, batch.Next(path, fit.Width, fit.Height));
            batch.Add(path, _classes?[index]);
        }
        catch (PreciseBnException e) when (options.SkipUnreadable && e.ErrorId == "UnreadableImage")
        {
            onSkipped(path);
        }
    }
}
