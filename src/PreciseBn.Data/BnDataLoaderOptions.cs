using PreciseBn.Data.Tables;

namespace PreciseBn.Data;

/// <summary>How data are turned into batches.</summary>
public sealed record BnDataLoaderOptions
{
    /// <summary>Names of the arrays to use, one for each input of the model in that order; empty uses the only one there is.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Whether batches bring labels, which a model does not get.</summary>
    public bool IsLabelled { get; init; }

    /// <summary>
    /// Where the labels are: the name of an array, the column of a table, or the position among arrays in memory. <c>null</c> is where
    /// the kind of data has them: the folder that an image is in names its class.
    /// </summary>
    public string? LabelKey
    {
        get;
        init => (field, IsLabelled) = (value, IsLabelled || value is not null);
    }

    /// <summary>Columns of a table to use, in that order; empty uses all that have numbers.</summary>
    public IReadOnlyList<ColumnPattern> Columns { get; init; } = [];

    /// <summary>Columns of a table that are not used.</summary>
    public IReadOnlyList<ColumnPattern> ExcludeColumns { get; init; } = [];

    /// <summary>What is between the cells of a CSV table; <c>null</c> finds it out.</summary>
    public char? Delimiter { get; init; }

    /// <summary>Items in a batch; <c>null</c> is 32, or as many as a model that is particular about it accepts.</summary>
    public int? BatchSize { get; init; }

    /// <summary>In which order the items are taken; <c>null</c> shuffles them, but leaves arrays that are batches already as they are.</summary>
    public DataOrder? Order { get; init; }

    /// <summary>Whether they are shuffled, by what is said and by default.</summary>
    public bool IsShuffled => Order == DataOrder.Shuffled || (Order is null && !AsBatches);

    /// <summary>Seed of a random order.</summary>
    public int Seed { get; init; }

    /// <summary>The most items to use, in that order; <c>null</c> uses all.</summary>
    public long? Take { get; init; }

    /// <summary>Whether a last batch that is not full is left out.</summary>
    public bool DropLast { get; init; }

    /// <summary>Whether each array is a batch already, in the natural order of their names.</summary>
    public bool AsBatches { get; init; }

    /// <summary>What is done to each batch before the model gets it; <c>null</c> is nothing.</summary>
    public BatchTransform? Transform { get; init; }

    /// <summary>Order of the dimensions of stored images; <c>null</c> is NCHW, or [N, H, W] of uint8.</summary>
    public ImageLayout? Layout { get; init; }

    /// <summary>What is subtracted from each channel, after division of uint8 by 255: one number, or one a channel.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [];

    /// <summary>What each channel is then divided by: one number, or one a channel.</summary>
    public IReadOnlyList<double> StandardDeviation { get; init; } = [];

    /// <summary>Length in pixels to which the short side of an image is resized; <c>null</c> leaves the size.</summary>
    public int? Size { get; init; }

    /// <summary>Side in pixels of the square that is cut from the centre of an image; <c>null</c> leaves all.</summary>
    public int? CropSize { get; init; }

    /// <summary>Whether images become one channel, their luma, before they are resized.</summary>
    public bool Grayscale { get; init; }

    /// <summary>Whether images are turned as their EXIF orientation says; torchvision leaves them as they are stored.</summary>
    public bool AutoOrient { get; init; }

    /// <summary>How many batches are prepared at a time while the model runs; <c>null</c> is one a processor, at most 4.</summary>
    public int? Workers { get; init; }

    /// <summary>Whether image files that cannot be read are counted and left out; otherwise they are an error.</summary>
    public bool SkipUnreadable { get; init; }

    /// <summary>Whether uint8 stays as it is, for models that take it so and scale it themselves; otherwise it is divided by 255.</summary>
    public bool KeepIntegers { get; init; }
}
