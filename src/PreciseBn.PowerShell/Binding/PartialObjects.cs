using System.Collections;
using System.Management.Automation;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>
/// Takes partial statistics from objects as they come back from jobs and remote sessions: bags of properties, in which arrays
/// have become lists, and enumerations numbers.
/// </summary>
internal static class PartialObjects
{
    /// <exception cref="PreciseBnException">The object is something else.</exception>
    public static PartialBnStat Read(PSObject item)
    {
        if (item.BaseObject is PartialBnStat partial)
            return partial;
        try
        {
            return new PartialBnStat
            {
                Name = Get<string>(item, nameof(PartialBnStat.Name)),
                Type = Get<string>(item, nameof(PartialBnStat.Type)),
                Aliases = GetAll<string>(item, nameof(PartialBnStat.Aliases)),
                Eps = Get<double>(item, nameof(PartialBnStat.Eps)),
                Batches = Get<long>(item, nameof(PartialBnStat.Batches)),
                Uses = Get<long>(item, nameof(PartialBnStat.Uses)),
                Count = Get<long>(item, nameof(PartialBnStat.Count)),
                Moments = GetAll<double>(item, nameof(PartialBnStat.Moments)),
                PreviousMean = GetAll<double>(item, nameof(PartialBnStat.PreviousMean)),
                PreviousVariance = GetAll<double>(item, nameof(PartialBnStat.PreviousVariance)),
                BatchesTracked = Get<long?>(item, nameof(PartialBnStat.BatchesTracked)),
                Shards = GetAll<string>(item, nameof(PartialBnStat.Shards)),
                TotalBatches = Get<long>(item, nameof(PartialBnStat.TotalBatches)),
                SkippedBatches = Get<long>(item, nameof(PartialBnStat.SkippedBatches)),
                ItemsLeftOut = Get<long>(item, nameof(PartialBnStat.ItemsLeftOut)),
                Call = Get<string>(item, nameof(PartialBnStat.Call)),
                StoppedBy = Get<StopReason>(item, nameof(PartialBnStat.StoppedBy)),
                Estimators = GetAll<Estimator>(item, nameof(PartialBnStat.Estimators)),
                Device = Get<string>(item, nameof(PartialBnStat.Device)),
                Path = GetText(item, nameof(PartialBnStat.Path)),
                ModelSha256 = GetText(item, nameof(PartialBnStat.ModelSha256)),
                ContentSha256 = Get<string>(item, nameof(PartialBnStat.ContentSha256)),
            };
        }
        catch (PSInvalidCastException)
        {
            throw NotAPartial(item);
        }
    }

    private static T Get<T>(PSObject item, string name) =>
        LanguagePrimitives.ConvertTo<T>((item.Properties[name] ?? throw NotAPartial(item)).Value);

    // PowerShell would make an empty text of nothing.
    private static string? GetText(PSObject item, string name) => item.Properties[name]?.Value is null ? null : Get<string>(item, name);

    private static T[] GetAll<T>(PSObject item, string name) => item.Properties[name]?.Value switch
    {
        T[] values => values,
        PSObject { BaseObject: IEnumerable values } => Convert<T>(values),
        IEnumerable values => Convert<T>(values),
        _ => throw NotAPartial(item),
    };

    private static T[] Convert<T>(IEnumerable values) => values.Cast<object>().Select(LanguagePrimitives.ConvertTo<T>).ToArray();

    private static PreciseBnException NotAPartial(PSObject item) => new(
        "NotAPartial", ErrorKind.InvalidData,
        $"An object of type {item.TypeNames[0]} is no partial statistic.", "Give what Measure-BnStat returned, or files that it wrote.", item);
}
