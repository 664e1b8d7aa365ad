using System.Globalization;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.Compiled;

/// <summary>A tensor of a model with the running means, or variances, of a layer or of several.</summary>
/// <param name="Keys">Where the model has it: it may have several names.</param>
/// <param name="Shape">Its shape.</param>
internal sealed record StatisticsBuffer(IReadOnlyList<string> Keys, IReadOnlyList<long> Shape)
{
    /// <summary>Whether the model has a tensor for good, as in a constant, tuple or list of parameters, so that it cannot be one of another number format.</summary>
    public static bool IsFixed(string key) => key.StartsWith("CONSTANTS.", StringComparison.Ordinal) || key.StartsWith('(') || key.EndsWith(')');

    public bool Equals(StatisticsBuffer? other) => other is not null && Keys[0] == other.Keys[0];

    public override int GetHashCode() => Keys[0].GetHashCode(StringComparison.Ordinal);
}

/// <summary>The running means, or variances, of a layer: a row of a tensor, which mostly has no other, or a piece of a vector.</summary>
/// <param name="Buffer">The tensor.</param>
/// <param name="Row">The row.</param>
/// <param name="Piece">Where the piece of a vector is; <c>null</c> for a row.</param>
internal sealed record StatisticsPlace(StatisticsBuffer Buffer, int Row = 0, StatisticsPiece? Piece = null)
{
    /// <returns>Where a part of a tensor is, or <c>null</c> if it is no row of it, and the tensor no vector.</returns>
    public static StatisticsPlace? Find(StatisticsBuffer buffer, long offset, long count)
    {
        if (buffer.Shape.Count == 1 && count < buffer.Shape[0])
            return new StatisticsPlace(buffer, 0, new StatisticsPiece((int)offset, (int)count));
        var row = offset % count == 0 ? offset / count : -1;
        return row >= 0 && row < StatisticsLayout.RowsOf(buffer, (int)count) ? new StatisticsPlace(buffer, (int)row) : null;
    }

    /// <summary>How a name says which part of a tensor it is: nothing if it is the whole.</summary>
    /// <param name="channels">How many means it has.</param>
    public string Suffix(int channels) => Piece is { } piece ? $"[{piece}]"
        : StatisticsLayout.RowsOf(Buffer, channels) > 1 ? string.Create(CultureInfo.InvariantCulture, $"[{Row}]") : "";

    /// <summary>Whether another part of the same tensor has some of the same numbers, or they cannot both be laid out.</summary>
    public bool Hinders(StatisticsPlace other, long channels, long otherChannels) => Buffer == other.Buffer
        && (Piece is { } piece && other.Piece is { } second
            ? piece != second && piece.Start < second.Start + second.Count && second.Start < piece.Start + piece.Count
            : Piece is not null || other.Piece is not null || channels != otherChannels);
}

/// <summary>A piece of a vector.</summary>
internal sealed record StatisticsPiece(int Start, int Count)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Start}:{Start + Count}");
}

/// <summary>A layer of a compiled model.</summary>
internal sealed record CompiledLayer(BnModule Module, StatisticsPlace Mean, StatisticsPlace Variance)
{
    /// <exception cref="PreciseBnException">One of the layers lies in a tensor with another that is none of them: a call of that would be observed too.</exception>
    public static void RequireAllOfTensors(IReadOnlyCollection<CompiledLayer> layers, IEnumerable<CompiledLayer> all)
    {
        var others = all.Except(layers).SelectMany(layer => new[] { layer.Mean.Buffer, layer.Variance.Buffer }).ToHashSet();
        if (layers.FirstOrDefault(layer => others.Contains(layer.Mean.Buffer) || others.Contains(layer.Variance.Buffer)) is { } apart)
            throw ModelErrors.RowsApart(apart.Module);
    }
}

/// <summary>How a layer is treated: by the stride of its statistics.</summary>
internal enum StatisticsMark
{
    /// <summary>It is observed, in the usual case.</summary>
    Observed = 2,

    /// <summary>It is observed, in all cases.</summary>
    Studied = 3,

    /// <summary>It normalises by its statistics.</summary>
    Settled = 4,

    /// <summary>It is observed, and normalises by its statistics.</summary>
    Checked = 5,

    /// <summary>It is observed, in all cases, and the run ends with it.</summary>
    Last = 6,

    /// <summary>It works as it was saved.</summary>
    AsSaved = 7,
}

/// <summary>
/// Where in one piece of memory the statistics of a compiled model lie, and the cells for what it leaves there; precise_bn.py
/// tells how it finds them.
/// </summary>
internal sealed class StatisticsLayout
{
    // Numbers from one of the running statistics to the next; no mark is larger.
    private const int Pitch = 7;

    // Values that may be summed up one after the other in float32.
    private const int Piece = 512;

    // Values that are summed up at once: 4 MB of them.
    private const int Block = 1 << 20;

    // No number of a model; less the number of channels it is exact in float32.
    private const int Signature = -8_191_387;

    private readonly Dictionary<StatisticsBuffer, (int Index, int Column, int Channels)> _buffers = [];
    private readonly Dictionary<StatisticsPlace, int> _columnsOfPieces = [];
    private readonly int _columns;
    private readonly HashSet<StatisticsPlace> _places;

    /// <param name="layers">The layers, which have all their statistics in places of their own.</param>
    public StatisticsLayout(IReadOnlyList<CompiledLayer> layers)
    {
        _places = layers.SelectMany(layer => new[] { layer.Mean, layer.Variance }).ToHashSet();
        NumberType = layers.Any(layer => layer.Module.DType == DType.Float64) ? ScalarType.Float64 : ScalarType.Float32;
        foreach (var (place, channels) in layers.Select(layer => (layer.Mean, layer.Module.Channels))
            .Concat(layers.Select(layer => (layer.Variance, layer.Module.Channels))))
        {
            var buffer = place.Buffer;
            if (_buffers.ContainsKey(buffer))
                continue;
            _buffers[buffer] = (_buffers.Count, _columns, channels);
            _columns += place.Piece is null ? RowsOf(buffer, channels) * (channels + ObservationLayout.CounterColumns) : LayOutPieces(buffer);
        }
        Observation = new ObservationLayout(layers.Select(layer => layer.Module.Channels).ToArray());
        IsRegular = _buffers.Count == 2 * layers.Count && _columns == 2 * Observation.Width;
    }

    /// <summary>Number format of the statistics and of what is observed; 16 bits are too few to observe in.</summary>
    public ScalarType NumberType { get; }

    /// <summary>How the observation of all layers is laid out.</summary>
    public ObservationLayout Observation { get; }

    /// <summary>Whether the cells of all layers lie as in an observation of them.</summary>
    public bool IsRegular { get; }

    /// <summary>The tensors, in the order of their indices.</summary>
    public IEnumerable<StatisticsBuffer> Buffers => _buffers.Keys;

    /// <summary>The number of cells: one that counts calls, those of an observation, and those with the means to count from.</summary>
    public int Cells => 1 + (2 * _columns);

    /// <summary>The number of cells that are as they were before each batch.</summary>
    public int FreshCells => 1 + _columns;

    /// <summary>Numbers in all.</summary>
    public long Size => (Origin + FreshCells) * Pitch;

    /// <summary>What the code of the model names.</summary>
    public IEnumerable<KeyValuePair<string, long>> Constants =>
    [
        .. ObservationLayout.Constants,
        new("OBSERVED", (int)StatisticsMark.Observed), new("SETTLED", (int)StatisticsMark.Settled), new("CHECKED", (int)StatisticsMark.Checked),
        new("LAST", (int)StatisticsMark.Last), new("AS_SAVED", (int)StatisticsMark.AsSaved), new("SIGNATURE", Signature),
        new("PRECISION", (int)NumberType), new("DOUBLE", (int)ScalarType.Float64), new("PITCH", Pitch), new("PIECE", Piece), new("BLOCK", Block),
        new("ORIGIN", Origin),
        new("TO_VARIANCE", Observation.Width), new("TO_SHIFT", _columns),
        // Where the places do not tell what belongs together, none are as far apart as this.
        new("APART", IsRegular ? Observation.Width * Pitch : Size),
    ];

    /// <summary>The cell of the first mean, or variance, of a layer.</summary>
    public int CellOf(StatisticsPlace place)
    {
        if (place.Piece is not null)
            return 1 + _columnsOfPieces[place];
        var (_, column, channels) = _buffers[place.Buffer];
        return 1 + column + (place.Row * (channels + ObservationLayout.CounterColumns));
    }

    public int IndexOf(StatisticsBuffer buffer) => _buffers[buffer].Index;

    /// <summary>Whether a tensor has rows that are none of these layers'.</summary>
    public bool HasOtherRows(StatisticsBuffer buffer) => IsCut(buffer)
        ? _places.Where(place => place.Buffer == buffer).Sum(place => place.Piece!.Count) < buffer.Shape[0]
        : Enumerable.Range(0, RowsOf(buffer, _buffers[buffer].Channels)).Any(row => !_places.Contains(new StatisticsPlace(buffer, row)));

    /// <summary>Where a tensor lies, with a mark.</summary>
    public (long[] Shape, long[] Strides, long Offset) ViewOf(StatisticsBuffer buffer, StatisticsMark mark)
    {
        var (_, column, channels) = _buffers[buffer];
        var shape = buffer.Shape.ToArray();
        if (IsCut(buffer))
            return (shape, [Pitch + (long)mark], (Origin + 1 + column) * Pitch);
        var strides = new long[shape.Length];
        // The last dimensions are the channels of a row, and those before them are rows.
        var inRow = 1L;
        var rows = 1L;
        for (var dimension = shape.Length - 1; dimension >= 0; dimension--)
        {
            var isRow = inRow == channels && (dimension < shape.Length - 1);
            strides[dimension] = isRow ? rows * Pitch * (channels + ObservationLayout.CounterColumns) : inRow * (int)mark;
            if (isRow)
                rows *= shape[dimension];
            else
                inRow *= shape[dimension];
        }
        return (shape, strides, (Origin + 1 + column) * Pitch);
    }

    /// <summary>The row of a tensor that such a view is of, as a view into the same memory.</summary>
    public (long Stride, long Offset) RowOf(StatisticsPlace place, StatisticsMark mark)
    {
        if (place.Piece is not { } piece)
            return ((int)mark, (Origin + CellOf(place)) * Pitch);
        var (_, strides, offset) = ViewOf(place.Buffer, mark);
        return (strides[0], offset + (piece.Start * strides[0]));
    }

    /// <summary>What stands before the mean and the variance of a layer, and where: for a mean that is not handed on with its own variance.</summary>
    public (long Offset, double[] Values) SignatureOf(StatisticsPlace place, StatisticsMark mark, int layer, int channels) =>
        (RowOf(place, mark).Offset - 2, [Signature - channels, layer]);

    /// <summary>What stands behind the first number of a piece, and where: the place of its cells, which do not lie as its numbers do.</summary>
    public (long Offset, double[] Values) CellsOfPiece(StatisticsPlace place, StatisticsMark mark) =>
        (RowOf(place, mark).Offset + 1, [CellOf(place) / ObservationLayout.Modulus, CellOf(place) % ObservationLayout.Modulus]);

    /// <summary>Whether layers have pieces of a tensor.</summary>
    public bool IsCut(StatisticsBuffer buffer) => _places.Any(place => place.Piece is not null && place.Buffer == buffer);

    /// <summary>How many rows a tensor has; 0 if they are not of that many channels.</summary>
    public static int RowsOf(StatisticsBuffer buffer, int channels)
    {
        var inRow = 1L;
        var dimension = buffer.Shape.Count - 1;
        for (; dimension >= 0 && (inRow < channels || dimension == buffer.Shape.Count - 1); dimension--)
            inRow *= buffer.Shape[dimension];
        return inRow == channels ? (int)buffer.Shape.Take(dimension + 1).Aggregate(1L, (rows, size) => rows * size) : 0;
    }

    // Their cells lie one after the other; the numbers of the vector itself are as far apart as two of others, with room between them.
    private int LayOutPieces(StatisticsBuffer buffer)
    {
        var column = _columns;
        foreach (var place in _places.Where(place => place.Buffer == buffer).OrderBy(place => place.Piece!.Start))
        {
            _columnsOfPieces[place] = column;
            column += place.Piece!.Count + ObservationLayout.CounterColumns;
        }
        return Math.Max(column - _columns, 2 * (int)buffer.Shape[0]);
    }

    private long Origin => ((long)Cells + Pitch - 1) / Pitch;
}
