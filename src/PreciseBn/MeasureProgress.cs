namespace PreciseBn;

/// <summary>How far a measurement has come.</summary>
/// <param name="Model">The model, as messages name it.</param>
/// <param name="Batches">Batches done in this pass over the data, with those of an earlier run that it goes on from.</param>
/// <param name="Total">Batches there will be, or the most there can be, in this pass.</param>
/// <param name="Elapsed">Time since the first batch of the first pass was asked for.</param>
/// <param name="Pass">The pass over the data, or the segment of the model, that goes on, from 1; 0 before the first of several.</param>
/// <param name="Passes">The most of them there will be.</param>
public readonly record struct MeasureProgress(string Model, long Batches, long Total, TimeSpan Elapsed, int Pass, int Passes)
{
    /// <summary>Batches that an earlier run had done.</summary>
    public long Earlier { get; init; }

    /// <summary>How long a batch takes, as far as it is known before the first.</summary>
    public TimeSpan TimeOfBatch { get; init; }

    /// <summary>What is kept between segments of the model, before the first; <c>null</c> if the model is run as a whole.</summary>
    public KeptSize? Kept { get; init; }

    /// <summary>In which way other than the usual the model runs, and why; <c>null</c> if it runs as usual.</summary>
    public string? Note { get; init; }

    /// <summary>Batches that were done in this run, in all passes.</summary>
    public long Done => (Math.Max(0, Pass - 1) * Total) + Batches - Earlier;

    /// <summary>Batches a second; 0 before the first.</summary>
    public double Rate => Done > 0 && Elapsed > TimeSpan.Zero ? Done / Elapsed.TotalSeconds : 0;

    /// <summary>Time until the last batch, if the rest takes as long as those before and no pass can be saved.</summary>
    public TimeSpan Remaining => Rate > 0
        ? TimeSpan.FromSeconds(((Passes * Total) - Earlier - Done) / Rate)
        : TimeOfBatch * (Passes * Total);

    /// <summary>How much is done, from 0 to 1.</summary>
    public double Fraction => Passes * Total > 0 ? Math.Clamp((Earlier + Done) / ((double)Passes * Total), 0, 1) : 0;
}

/// <summary>How much of all batches is kept between two segments of a model.</summary>
/// <param name="Bytes">The most bytes, by the size of the first batch.</param>
/// <param name="InMemory">How many of them may be in memory; the others are in a temporary file.</param>
public readonly record struct KeptSize(long Bytes, long InMemory);
