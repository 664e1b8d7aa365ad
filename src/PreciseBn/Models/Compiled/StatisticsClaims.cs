namespace PreciseBn.Models.Compiled;

/// <summary>Which parts of tensors are the statistics of layers already.</summary>
internal sealed class StatisticsClaims
{
    private readonly Dictionary<StatisticsBuffer, List<(StatisticsPlace Place, long Channels)>> _claims = [];

    /// <returns>Whether they are free, or those of this layer.</returns>
    public bool TryClaim(StatisticsPlace mean, StatisticsPlace variance, long channels)
    {
        if (mean.Hinders(variance, channels, channels) || IsHindered(mean, channels) || IsHindered(variance, channels))
            return false;
        Add(mean, channels);
        Add(variance, channels);
        return true;
    }

    private bool IsHindered(StatisticsPlace place, long channels) =>
        _claims.GetValueOrDefault(place.Buffer)?.Any(other => place.Hinders(other.Place, channels, other.Channels)) == true;

    // Of rows one tells of all.
    private void Add(StatisticsPlace place, long channels)
    {
        if (!_claims.TryGetValue(place.Buffer, out var claims))
            _claims[place.Buffer] = claims = [];
        if (claims.Count == 0 || (place.Piece is not null && !claims.Contains((place, channels))))
            claims.Add((place, channels));
    }
}
