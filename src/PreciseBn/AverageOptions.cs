namespace PreciseBn;

/// <summary>What each of several files counts for in their average, and how that is written. What makes no sense is refused where it is set.</summary>
public sealed record AverageOptions
{
    /// <summary>
    /// What each file counts for, in the order of the files: numbers of any size, of which only their proportions matter; <c>null</c> lets all
    /// count the same.
    /// </summary>
    public IReadOnlyList<double>? Weights
    {
        get;
        init => field = value is null || (value.All(weight => weight is >= 0 and < double.PositiveInfinity) && value.Any(weight => weight > 0))
            ? value is null ? null : [.. value]
            : throw OptionErrors.Refused(nameof(Weights), string.Join(", ", value.Select(weight => FormattableString.Invariant($"{weight}"))), "They are finite numbers of 0 or more, and not all of them 0");
    }

    /// <summary>
    /// Makes it an exponential moving average in the order of the files: the first is its beginning, and with each of the others it becomes
    /// this times the average so far, and the rest of 1 times that file. <c>null</c> makes it none.
    /// </summary>
    public double? Decay
    {
        get;
        init => field = value is null or (>= 0 and < 1) ? value : throw OptionErrors.Refused(nameof(Decay), value, "It is a number from 0 to less than 1");
    }

    /// <summary>Whether a file that is already at the destination may be replaced.</summary>
    public bool Force { get; init; }

    /// <summary>Whether what is replaced is kept, with <c>.bak</c>, or the first free of <c>.bak.1</c>, <c>.bak.2</c> and so on, appended to its name.</summary>
    public bool Backup { get; init; }
}
