using PreciseBn.Batches;
using PreciseBn.Primitives;

namespace PreciseBn.Data.Images;

/// <summary>Image files as items. Each is decoded into its place in the batch, and nothing else of it stays in memory.</summary>
internal sealed class ImageSamples(IReadOnlyList<string> paths, BnDataLoaderOptions options, Action<string> onSkipped) : ISampleSource
{
    private readonly ImagePreparation _preparation = new(options);

    public long Count => paths.Count;

    public Batch? Load(IReadOnlyList<long> indices)
    {
        using var batch = new ImageBatch(indices.Count, _preparation.Channels);
        foreach (var index in indices)
            Read(paths[(int)index], batch);
        return batch.Take();
    }

    public void Dispose()
    {
    }

    private void Read(string path, ImageBatch batch)
    {
        try
        {
            using var image = new EncodedImage(path, options.AutoOrient);
            var fit = ImageFit.Of(path, image.Width, image.Height, options);
            _preparation.Prepare(image, fit, batch.Next(path, fit.Width, fit.Height));
            batch.Add(path);
        }
        catch (PreciseBnException e) when (options.SkipUnreadable && e.ErrorId == "UnreadableImage")
        {
            onSkipped(path);
        }
    }
}
