using System.Globalization;
using PreciseBn.Formats;
using PreciseBn.Models.Compiled;
using PreciseBn.Primitives;

namespace PreciseBn.Models.TorchScript;

/// <summary>Makes layers of the calls of BatchNorm: calls with the same statistics are one.</summary>
internal sealed class ScriptLayerBuilder(TorchArchive archive, ScriptCode code, ScriptHolders holders, ScriptWalk walk)
{
    private readonly Dictionary<(StatisticsPlace Mean, StatisticsPlace Variance), Draft> _drafts = [];
    private readonly Dictionary<string, StatisticsBuffer> _buffers = [];
    private readonly StatisticsClaims _claims = new();
    private readonly Dictionary<StatisticsPlace, (StatisticsPlace, StatisticsPlace)> _owners = [];
    private readonly Dictionary<ScriptSite, string> _unaccounted = [];
    private readonly HashSet<string> _untracked = [];
    private readonly StatisticsBudget _budget = new(archive.File.Path, archive.File.Length);

    /// <param name="call">A call.</param>
    /// <param name="isReached">Whether a method of the model leads to it.</param>
    public void Add(ScriptCall call, bool isReached)
    {
        if (call.Mean is LiteralValue { Value: null })
        {
            _untracked.Add(call.Module.Name);
            return;
        }
        var means = Statistics(call.Mean);
        var variances = Statistics(call.Variance);
        var reason = means.Length != variances.Length || means.Contains(null) || variances.Contains(null)
            ? Explain(call)
            : means.Zip(variances).Select(pair => TryAdd(call, pair.First!, pair.Second!)).OfType<string>().FirstOrDefault();
        if (reason is not null && isReached)
            _unaccounted.TryAdd(call.Site, $"{code.PlaceOf(call.Site.Function, call.Site.Start)}, {Describe(call)}: {reason}");
    }

    /// <summary>Takes a module without code for a layer if its class and buffers say so: a trace leaves none for what it did not see run.</summary>
    public void AddWithoutCode(ScriptNode node)
    {
        if (node.ClassName.Contains("BatchNorm", StringComparison.Ordinal) && node.Tensor("running_mean") is { IsVector: true } mean
            && node.Tensor("running_var") is { IsVector: true } variance && mean.Length == variance.Length)
            TryAdd(null, Whole(node, "running_mean", mean), Whole(node, "running_var", variance));
    }

    public ScriptLayers Build()
    {
        foreach (var draft in _drafts.Values.Where(HasOtherUses).ToArray())
        {
            _drafts.Remove((draft.MeanPlace, draft.VariancePlace));
            foreach (var site in draft.Sites)
                _unaccounted.TryAdd(site, $"{code.PlaceOf(site.Function, site.Start)}, {Describe(draft.Call!)}: its statistics are constants that the code uses elsewhere too");
        }
        var drafts = _drafts.Values.OrderBy(draft => draft.Owner is null ? int.MaxValue : holders.OrderOf(draft.Owner)).ToArray();
        var perOwner = drafts.Where(draft => draft.Owner is not null).ToLookup(draft => draft.Owner!);
        var constants = new Dictionary<string, int>();
        var names = new HashSet<string>();
        var layers = new List<ScriptLayer>();
        foreach (var draft in drafts)
        {
            var all = draft.Owner is null ? [NameOfConstant(draft, constants)] : NamesOf(draft, perOwner[draft.Owner].ToArray()).ToArray();
            var own = all.Where(name => !names.Contains(name)).Distinct().ToArray();
            if (own.Length == 0)
                own = [$"{all[0]}#{names.Count}"];
            names.UnionWith(own);
            layers.Add(ToLayer(draft, own));
        }
        var copies = drafts.SelectMany(draft => draft.Mean.Copies.Concat(draft.Variance.Copies)).Distinct().Select(copy => walk.Copies[copy]);
        return new ScriptLayers(layers, _untracked.ToArray(), _unaccounted, copies.ToArray(), []);
    }

    private static TensorValue?[] Statistics(ScriptValue value) => value.Choices
        .Where(choice => choice is not LiteralValue { Value: null }).Select(choice => choice as TensorValue).ToArray();

    private static TensorValue Whole(ScriptNode node, string attribute, StoredTensor stored) =>
        new(new ScriptTensor(ScriptObjects.KeyOf(node, attribute), stored, node, attribute), 0, stored.Shape, []);

    private static string Describe(ScriptCall call) => call.Module.Name.Length == 0 ? call.Site.Function.Name : $"{call.Site.Function.Name} of '{call.Module.Name}'";

    private static string Explain(ScriptCall call) =>
        call.Mean.Choices.Concat(call.Variance.Choices).OfType<UnknownValue>().Select(value => value.Source).FirstOrDefault(source => source.Length > 0) is { } source
            ? $"its statistics come from {source}" : "it cannot be told whose statistics it is given";

    /// <returns>Why these statistics are none of a layer, or <c>null</c>.</returns>
    private string? TryAdd(ScriptCall? call, TensorValue mean, TensorValue variance)
    {
        if (mean.Count != variance.Count || mean.Count is < 1 or > TensorSlot.LongestVector)
            return "its mean and variance are of different lengths";
        if (IsNarrowConstant(mean) || IsNarrowConstant(variance))
            return "its statistics are constants of 16 bits, too few to observe in";
        if (mean.Key == variance.Key)
            return "its mean and variance are one tensor";
        if (PlaceOf(mean) is not { } meanPlace || PlaceOf(variance) is not { } variancePlace || meanPlace == variancePlace)
            return "its statistics lie scattered in a larger tensor";
        var pair = (meanPlace, variancePlace);
        if (_owners.GetValueOrDefault(meanPlace, pair) != pair || _owners.GetValueOrDefault(variancePlace, pair) != pair)
            return "it shares one of its statistics with a layer, and not the other";
        if (!_claims.TryClaim(meanPlace, variancePlace, mean.Count))
            return "its statistics overlap with those of a layer";
        _owners[meanPlace] = _owners[variancePlace] = pair;
        if (!_drafts.TryGetValue(pair, out var draft))
        {
            _budget.Take(mean.Count, mean.Tensor.Stored.DType, variance.Tensor.Stored.DType);
            _drafts[pair] = draft = new Draft(mean, variance, meanPlace, variancePlace, call);
        }
        if (call is not null && !draft.Sites.Contains(call.Site))
            draft.Sites.Add(call.Site);
        return null;
    }

    private StatisticsPlace? PlaceOf(TensorValue value)
    {
        var stored = value.Tensor.Stored;
        if (!stored.DType.IsFloatingPoint() || !stored.IsInOrder)
            return null;
        var identity = ScriptHolders.IdentityOf(stored, value.Tensor.Owner is null);
        if (!_buffers.TryGetValue(identity, out var buffer))
        {
            var keys = holders.Of(value.Tensor).Select(holder => ScriptObjects.KeyOf(holder.Node, holder.Attribute)).Append(value.Tensor.Key);
            _buffers[identity] = buffer = new StatisticsBuffer(keys.Distinct().ToArray(), stored.Shape);
        }
        return StatisticsPlace.Find(buffer, value.Offset, value.Count);
    }

    private static bool IsNarrowConstant(TensorValue value) => StatisticsBuffer.IsFixed(value.Tensor.Key) && value.Tensor.Stored.DType.Size() < sizeof(float);

    // Constants with the same values are stored once, whatever they are for.
    private bool HasOtherUses(Draft draft) => draft.Owner is null
        && new[] { draft.Mean, draft.Variance }.Any(value => code.CountOf(value.Tensor.Key) > draft.Sites.Count);

    private static string NameOfConstant(Draft draft, Dictionary<string, int> counts)
    {
        var module = draft.Call!.Module.Name;
        var number = counts[module] = counts.GetValueOrDefault(module, -1) + 1;
        return $"{(module.Length == 0 ? "" : module + ".")}batch_norm_{number}";
    }

    // Where a module has the statistics of one layer only, that is its name.
    private IEnumerable<string> NamesOf(Draft draft, Draft[] siblings)
    {
        var parts = draft.MeanPlace.Piece is null ? StatisticsLayout.RowsOf(draft.MeanPlace.Buffer, (int)draft.Mean.Count)
            : siblings.Count(sibling => sibling.MeanPlace.Buffer == draft.MeanPlace.Buffer);
        var suffix = draft.MeanPlace.Suffix((int)draft.Mean.Count);
        foreach (var (node, attribute) in holders.Of(draft.Mean.Tensor).DefaultIfEmpty((draft.Owner!, draft.Mean.Tensor.Attribute)))
        {
            var isAlone = attribute == "running_mean" || (siblings.Length == parts && node.Name.Length > 0);
            foreach (var path in node.Aliases.Prepend(node.Name))
                yield return (isAlone ? path : path.Length == 0 ? attribute : $"{path}.{attribute}") + suffix;
        }
    }

    private ScriptLayer ToLayer(Draft draft, string[] names)
    {
        var meanSlot = Locate(draft.Mean);
        var varianceSlot = Locate(draft.Variance);
        var tracked = draft.Owner?.Tensor("num_batches_tracked") is { IsScalar: true } count ? archive.Locate(count) : null;
        var isOwn = draft.Call is null || ReferenceEquals(draft.Call.Module, draft.Owner);
        var module = new BnModule
        {
            Name = names[0],
            Aliases = names[1..],
            Type = draft.Owner?.ClassName ?? draft.Call!.Site.Spelling,
            Momentum = Momentum(draft, isOwn),
            Eps = Number(isOwn ? Constant(draft, "eps") : null) ?? (draft.Call?.Eps as LiteralValue)?.Number ?? double.NaN,
            Affine = draft.Call?.IsAffine ?? (draft.Owner?.Tensor("weight") is not null),
            Training = draft.Owner?.Attributes["training"] as bool? ?? draft.Call?.Training ?? false,
            BatchesTracked = tracked is null ? null : (long)tracked.Read()[0],
            Mean = meanSlot.Read(),
            Variance = varianceSlot.Read(),
            DType = meanSlot.DType,
            Path = archive.File.Path,
        };
        return new ScriptLayer(new StoredLayer(module, meanSlot, varianceSlot, tracked), draft.MeanPlace, draft.VariancePlace, draft.Sites);
    }

    private object? Constant(Draft draft, string name) => draft.Owner is null ? null
        : code.Constant(draft.Owner.QualifiedName, name) ?? draft.Owner.Attributes[name];

    private double? Momentum(Draft draft, bool isOwn)
    {
        if (isOwn && draft.Owner is not null
            && (code.Constant(draft.Owner.QualifiedName, "momentum") is not null || draft.Owner.Attributes.Contains("momentum")))
            return Number(Constant(draft, "momentum"));
        return draft.Call?.Momentum is LiteralValue literal ? literal.Number : double.NaN;
    }

    private static double? Number(object? value) => value switch
    {
        double number => number,
        long number => number,
        string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    private TensorSlot Locate(TensorValue value)
    {
        var stored = value.Tensor.Stored;
        var stride = stored.IsVector ? stored.Strides[0] : 1;
        var row = new StoredTensor(stored.DType, stored.Storage, stored.Offset + (value.Offset * stride), [value.Count], [stride]);
        return value.Tensor.Owner is null ? archive.Locate(row, TorchArchive.Constants) : archive.Locate(row);
    }

    /// <summary>What is known so far of a layer.</summary>
    private sealed record Draft(TensorValue Mean, TensorValue Variance, StatisticsPlace MeanPlace, StatisticsPlace VariancePlace, ScriptCall? Call)
    {
        public ScriptNode? Owner => Mean.Tensor.Owner;

        public List<ScriptSite> Sites { get; } = [];
    }
}
