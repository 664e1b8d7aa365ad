using System.Globalization;
using PreciseBn.Batches;
using PreciseBn.Data.Files;
using PreciseBn.Data.Images;
using PreciseBn.Data.Tables;
using PreciseBn.Formats;
using PreciseBn.Native;
using PreciseBn.Primitives;

namespace PreciseBn.Data;

/// <summary>
/// Reads batches from files of arrays, folders of images, or tensors in memory, and prepares the next ones while the model
/// runs. It can be read again and again, each time in the same order.
/// </summary>
public sealed class BnDataLoader : IResizableBatchSource, IShardableBatchSource, IDisposable
{
    private const int MostWorkers = 4;
    private const int DefaultBatchSize = 32;

    private readonly Func<BnDataLoader, ISampleSource>? _open;
    private readonly ISampleSource _samples;
    private int _skipped;

    private BnDataLoader(ISampleSource samples, string source, BnDataLoaderOptions options)
    {
        _samples = samples;
        Source = source;
        Options = options;
    }

    private BnDataLoader(Func<BnDataLoader, ISampleSource> open, string source, BnDataLoaderOptions options)
    {
        Source = source;
        Options = options;
        _open = open;
        _samples = open(this);
    }

    /// <summary>How the data are turned into batches.</summary>
    public BnDataLoaderOptions Options { get; }

    /// <summary>Where the data are: a path, the first of several, or memory.</summary>
    public string Source { get; }

    /// <summary>The order in which the items are taken.</summary>
    public DataOrder Order => Options.IsShuffled ? DataOrder.Shuffled : DataOrder.Sequential;

    /// <summary>Number of items used.</summary>
    public long Count => Math.Min(_samples.Count, Options.Take ?? long.MaxValue);

    /// <summary>The columns that were taken of a table; empty if the data are none.</summary>
    public IReadOnlyList<string> Columns { get; private set; } = [];

    /// <summary>What is done to the numbers, in words.</summary>
    public string Normalization => string.Join(", ", new[]
    {
        Options.KeepIntegers ? "integers as they are" : "uint8 / 255",
        Options.Mean.Count > 0 ? $"mean {List(Options.Mean)}" : "no mean",
        Options.StandardDeviation.Count > 0 ? $"deviation {List(Options.StandardDeviation)}" : "no deviation",
    });

    /// <summary>Number of files, and of folders below those given, that could not be read and were left out, so far.</summary>
    public int Skipped => _skipped;

    /// <summary>Number of batches.</summary>
    public long BatchCount => Batches(Count);

    long? IBatchSource.BatchCount => BatchCount;

    string IBatchSource.Description => ToString();

    long IResizableBatchSource.LastBatchSize =>
        Options.AsBatches || BatchCount == 0 ? 0 : Options.DropLast ? BatchSize : Count - ((BatchCount - 1) * BatchSize);

    /// <summary>How the items are ordered and put into batches.</summary>
    public string Plan => string.Concat(
        Options.AsBatches ? $"{_samples.Count} batches" : $"{_samples.Count} items in batches of {BatchSize}",
        Options.IsShuffled ? $", shuffled with the seed {Options.Seed}" : "",
        Options.Take is { } take ? $", {take} at most" : "",
        Options.DropLast ? ", full batches only" : "");

    /// <summary>Number of items in a batch, but for the last.</summary>
    public int BatchSize => Options.AsBatches ? 1 : Options.BatchSize ?? DefaultBatchSize;

    /// <summary>Opens files of arrays, of which several make one data set in the natural order of their paths, or folders of images.</summary>
    /// <exception cref="PreciseBnException">A file cannot be used, or an option does not fit it.</exception>
    public static BnDataLoader FromFiles(IReadOnlyList<string> paths, BnDataLoaderOptions options)
    {
        if (paths.All(Directory.Exists))
            return new BnDataLoader(loader =>
            {
                void Skip(string path) => Interlocked.Increment(ref loader._skipped);
                var images = new ImageSamples(ImageFolder.Find(paths, loader.Options.SkipUnreadable ? Skip : null), paths, loader.Options, Skip);
                images.RequireSizes();
                return images;
            }, Name(paths), options);
        if (paths.Any(Directory.Exists))
            throw DataErrors.MixedPaths();
        return new BnDataLoader(loader => loader.OpenArrays(paths), Name(paths), options);
    }

    /// <summary>Takes a copy of tensors or arrays of numbers: one for each input of the model, or with AsBatches one a batch.</summary>
    /// <exception cref="PreciseBnException">They cannot be used, or an option does not fit them.</exception>
    public static BnDataLoader FromObjects(IReadOnlyList<object> values, BnDataLoaderOptions options)
    {
        TorchLibrary.Require();
        var arrays = values.Select((value, index) => TensorArrays.Copy(value, $"{index}")).ToArray();
        return new BnDataLoader(loader => ArraySelection.Choose(arrays, loader.Options), "memory", options);
    }

    /// <summary>Opens the same data once more, for batches that bring labels; these are no input then.</summary>
    /// <param name="key">Where the labels are; <c>null</c> is where the kind of data has them, see <see cref="BnDataLoaderOptions.LabelKey"/>.</param>
    /// <exception cref="PreciseBnException">There are no labels, or the data are not what they were.</exception>
    public BnDataLoader WithLabels(string? key) => new(
        _open!, Source, Options with { IsLabelled = true, LabelKey = key, Keys = Options.Keys.Where(name => name != key).ToArray() });

    /// <summary>Reads the batches from the start. Whoever takes a batch disposes of it.</summary>
    public IEnumerable<Batch> Read(CancellationToken cancellation = default) => Slice(DataShard.Whole, 0, long.MaxValue).Read(cancellation);

    /// <summary>Names the items by a hash of how many there are and of a few of them.</summary>
    /// <exception cref="PreciseBnException">An item cannot be read.</exception>
    public string Identify() => SampleFingerprint.Of(_samples, Options.Transform?.Text);

    /// <summary>Deals out the items in turn, in their order or that of the shuffle, and makes batches of those of one shard.</summary>
    public IBatchSource Shard(DataShard shard, long skip = 0, long take = long.MaxValue) => Slice(shard, skip, take);

    /// <summary>Where the data are, and how they are put into batches and normalised.</summary>
    public override string ToString() => $"{Source} ({Plan}; {Normalization})";

    IBatchSource IResizableBatchSource.WithBatchSize(SizeRange accepted) =>
        Options.BatchSize is not null || Options.AsBatches || accepted.Contains(BatchSize)
            ? this
            : new BnDataLoader(_samples, Source, Options with { BatchSize = (int)Math.Clamp(BatchSize, accepted.Least, accepted.Most) });

    /// <summary>Closes the files.</summary>
    public void Dispose() => _samples.Dispose();

    private LoaderShard Slice(DataShard shard, long skip, long take)
    {
        var plan = new BatchPlan(_samples.Count, Options.IsShuffled ? Options.Seed : null, Options.Take, shard).Batches(BatchSize, Options.DropLast);
        // If files may be unreadable, only reading tells which batches there are.
        var unread = Options.SkipUnreadable ? 0 : skip;
        var slice = plan.Skip(checked((int)unread)).Take((int)Math.Min(take, int.MaxValue));
        var batches = Math.Clamp(Batches(shard.Share(Count)) - skip, 0, take);
        return new LoaderShard(_samples, slice, skip - unread, batches, Options, Options.Workers ?? Math.Min(MostWorkers, Environment.ProcessorCount));
    }

    private static string List(IEnumerable<double> numbers) => string.Join(", ", numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)));

    private static string Name(IReadOnlyList<string> paths) => paths.Count > 1 ? $"{paths[0]} and {paths.Count - 1} more" : paths[0];

    private long Batches(long items) => Options.DropLast ? items / BatchSize : (items + BatchSize - 1) / BatchSize;

    private ISampleSource OpenArrays(IReadOnlyList<string> paths)
    {
        var files = new List<ArrayFile>();
        try
        {
            foreach (var path in paths.OrderByName(path => path.Replace(Path.DirectorySeparatorChar, '/')))
                files.Add(DataFile.Open(path, files.Count == 0 ? Options : LikeFirst(Options, files[0].Columns)));
            Columns = files[0].Columns;
            return ArraySelection.Choose(files, Options);
        }
        catch
        {
            foreach (var file in files)
                file.Dispose();
            throw;
        }
    }

    // All tables have to have the columns that were taken of the first.
    private static BnDataLoaderOptions LikeFirst(BnDataLoaderOptions options, IReadOnlyList<string> columns) => columns.Count == 0
        ? options
        : options with { Columns = columns.Distinct().Select(ColumnPattern.Exactly).ToArray(), ExcludeColumns = [] };
}
