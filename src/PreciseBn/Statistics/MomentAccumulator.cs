using System.Numerics;
using static PreciseBn.Statistics.MomentRow;
using static TorchSharp.torch;

namespace PreciseBn.Statistics;

/// <summary>
/// The moments of all values that reached the observed layers, merged batch by batch in float64 (Chan, Golub and LeVeque,
/// "Updating formulae and a pairwise algorithm for computing sample variances").
/// </summary>
/// <remarks>Means are counted from a reference near them, so that a mean far from 0 costs no digits of the variance.</remarks>
internal sealed class MomentAccumulator : IDisposable
{
    private readonly ObservationLayout _layout;
    private readonly ObservationRules _rules;
    private readonly ObservationReader _reader;
    private readonly MomentTable[] _tables;
    private readonly (long Batches, long Uses, long Values)[] _totals;
    private readonly SerialCorrelation[] _successions;
    private long _skipped;

    /// <param name="layout">How observations are laid out.</param>
    /// <param name="device">Where they are.</param>
    /// <param name="rules">What is an error in one.</param>
    /// <param name="earlier">How many batches there were before; they are counted on.</param>
    public MomentAccumulator(ObservationLayout layout, Device device, ObservationRules rules, long earlier = 0)
    {
        Added = earlier;
        _layout = layout;
        _rules = rules;
        _reader = new ObservationReader(layout, device);
        _tables = layout.Channels.Select(channels => new MomentTable(channels)).ToArray();
        _totals = new (long, long, long)[layout.Channels.Count];
        _successions = layout.Channels.Select(channels => new SerialCorrelation(channels)).ToArray();
    }

    /// <summary>The number of batches added, with those before and those that were skipped.</summary>
    public long Added { get; private set; }

    /// <summary>Adds the observation of a batch, shape [2, Width].</summary>
    /// <returns>What is wrong with a batch since the last look, or <c>null</c>; not every batch is looked at at once.</returns>
    public ObservationFault? Add(Tensor observation)
    {
        _reader.Add(observation);
        Added++;
        return _reader.IsFull ? Merge() : null;
    }

    /// <summary>Brings the moments up to date with the batches added.</summary>
    /// <returns>What is wrong with a batch, or <c>null</c>; those before it have been merged then.</returns>
    public ObservationFault? Merge()
    {
        var first = Added - _reader.Count;
        foreach (var (batch, index) in _reader.Take().Select((batch, index) => (batch, index)))
        {
            if (ObservationFault.Find(batch, _layout, _rules, first + index) is { } fault)
                return fault;
            if (_rules.SkipNonFinite && ObservationFault.HasNonFinite(batch, _layout))
                _skipped++;
            else
                Merge(batch);
        }
        return null;
    }

    /// <summary>Forgets that the last batch was added, which was faulty and so has not been merged.</summary>
    public void LeaveOutLast() => Added--;

    /// <summary>The moments of each layer, and how many batches were skipped. All that was added must have been merged.</summary>
    /// <param name="shift">What the observed means are less than those of the values, a row of the layout; <c>null</c> is 0.</param>
    public (IReadOnlyList<LayerMoments> Layers, long Skipped) Read(double[]? shift)
    {
        var layers = new LayerMoments[_tables.Length];
        for (var layer = 0; layer < layers.Length; layer++)
        {
            var table = _tables[layer].Copy();
            shift?.AsSpan(_layout.Starts[layer], table.Channels).CopyTo(table[Origin]);
            layers[layer] = new LayerMoments
            {
                Batches = _totals[layer].Batches,
                Uses = _totals[layer].Uses,
                Count = _totals[layer].Values,
                Table = table,
                SerialCorrelation = _successions[layer].Estimate(_tables[layer], _totals[layer].Batches),
            };
        }
        return (layers, _skipped);
    }

    /// <summary>Forgets the moments, but not how many batches were added.</summary>
    public void Clear()
    {
        foreach (var table in _tables)
            Array.Clear(table.Values);
        Array.Clear(_totals);
        _skipped = 0;
    }

    public void Dispose() => _reader.Dispose();

    private void Merge(ObservedBatch batch)
    {
        for (var layer = 0; layer < _tables.Length; layer++)
        {
            var counts = _layout.CountsOf(batch.Means.Span, layer);
            // A call without values counts for nothing.
            if (counts.Values == 0)
                continue;
            var start = _layout.Starts[layer];
            Merge(_tables[layer], batch.Means.Span.Slice(start, _layout.Channels[layer]), batch.Variances.Span.Slice(start, _layout.Channels[layer]),
                counts.Values, _totals[layer].Values);
            _successions[layer].Add(_tables[layer], batch.Means.Span.Slice(start, _layout.Channels[layer]));
            var (batches, uses, values) = _totals[layer];
            _totals[layer] = (batches + 1, uses + counts.Uses, values + counts.Values);
        }
    }

    /// <param name="table">The moments so far.</param>
    /// <param name="means">Batch means, shape [C].</param>
    /// <param name="variances">Unbiased batch variances, shape [C]; of a batch of one value they mean nothing.</param>
    /// <param name="count">Number of values of the batch.</param>
    /// <param name="earlier">Number of values before.</param>
    private static void Merge(MomentTable table, ReadOnlySpan<double> means, ReadOnlySpan<double> variances, double count, double earlier)
    {
        if (earlier == 0)
        {
            means.CopyTo(table[ReferenceMean]);
            for (var channel = 0; channel < means.Length; channel++)
                table[ReferenceVariance][channel] = count > 1 ? variances[channel] * (count - 1) / count : 0;
        }
        var whole = means.Length - (means.Length % Vector<double>.Count);
        for (var channel = 0; channel < whole; channel += Vector<double>.Count)
            Merge(new Columns(table, channel), new Vector<double>(means[channel..]), new Vector<double>(variances[channel..]), count, earlier);
        if (whole < means.Length)
            MergeRest(table, whole, means[whole..], variances[whole..], count, earlier);
    }

    // The last few channels do not fill a vector.
    private static void MergeRest(MomentTable table, int from, ReadOnlySpan<double> means, ReadOnlySpan<double> variances, double count, double earlier)
    {
        const int MostLanes = 8;
        Span<double> padded = stackalloc double[MomentTable.Rows * MostLanes];
        Span<double> mean = stackalloc double[MostLanes], variance = stackalloc double[MostLanes];
        padded.Clear();
        mean.Clear();
        variance.Clear();
        means.CopyTo(mean);
        variances.CopyTo(variance);
        for (var row = 0; row < MomentTable.Rows; row++)
            table[(MomentRow)row][from..].CopyTo(padded[(row * MostLanes)..]);
        Merge(new Columns(padded, MostLanes), new Vector<double>(mean), new Vector<double>(variance), count, earlier);
        for (var row = 0; row < MomentTable.Rows; row++)
            padded.Slice(row * MostLanes, means.Length).CopyTo(table[(MomentRow)row][from..]);
    }

    private static void Merge(Columns table, Vector<double> mean, Vector<double> observedVariance, double count, double earlier)
    {
        var variance = count > 1 ? observedVariance : Vector<double>.Zero;
        var d = mean - table[ReferenceMean];
        var reference = table[ReferenceVariance];
        var squares = variance * (count - 1);
        var u = variance - reference;
        var e = (squares / new Vector<double>(count)) - reference;

        var offset = table[MeanOffset];
        var delta = d - offset;
        var weight = count / (earlier + count);
        table[MeanOffset] = offset + (delta * weight);
        table[SquaredDeviations] += squares + (delta * delta * (earlier * weight));

        var w = new Vector<double>(count * count);
        var (wd, we) = (w * d, w * e);
        var (wdd, wed) = (wd * d, we * d);
        table[Weights] += w;
        table[WeightedD] += wd;
        table[WeightedD2] += wdd;
        table[WeightedD3] += wdd * d;
        table[WeightedD4] += wdd * d * d;
        table[WeightedE] += we;
        table[WeightedED] += wed;
        table[WeightedED2] += wed * d;
        table[WeightedE2] += we * e;
        table[D] += d;
        table[D2] += d * d;
        table[U] += u;
        table[U2] += u * u;
    }

    /// <summary>As many columns of a table as a vector has, in all its rows.</summary>
    private readonly ref struct Columns
    {
        private readonly ref double _first;
        private readonly int _rowLength;

        public Columns(MomentTable table, int column)
            : this(table.Values.AsSpan(column), table.Channels)
        {
        }

        /// <param name="values">The table row by row, from the first of the columns on.</param>
        /// <param name="rowLength">Numbers from one row to the next.</param>
        public Columns(Span<double> values, int rowLength)
        {
            // All rows are checked here at once.
            _first = ref values[..(((MomentTable.Rows - 1) * rowLength) + Vector<double>.Count)][0];
            _rowLength = rowLength;
        }

        public Vector<double> this[MomentRow row]
        {
            get => Vector.LoadUnsafe(ref _first, (nuint)((int)row * _rowLength));
            set => value.StoreUnsafe(ref _first, (nuint)((int)row * _rowLength));
        }
    }
}
