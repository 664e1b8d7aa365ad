using System.Security.Cryptography;
using System.Text;
using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Native;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>A TorchSharp model in memory, whose statistics are in its own buffers.</summary>
/// <param name="root">The model; it stays the caller's.</param>
internal sealed class LiveModel(nn.Module root) : IModelSource
{
    public string Name => root.GetName();

    public string? Path => null;

    public FileIdentity? Identity => null;

    public IReadOnlyList<BnModule> Layers => LiveModelReader.ReadLayers(root);

    public IReadOnlyList<string> UntrackedLayers => LiveModelReader.FindUntracked(root);

    public IReadOnlyList<string> UnaccountedCalls => LiveModelReader.FindOthers(root);

    public IReadOnlyList<string> OperatorsBeyondNumbers => [];

    public string Contents => "is a model in memory whose layers are others";

    public string? Program => null;

    public SizeRange BatchSizes => SizeRange.Any;

    public object Gate => root;

    public Device FindDevice(string? name) => Agree(Name, root.parameters().Concat(root.buffers()).FirstOrDefault()?.device ?? CPU, name is null ? null : Devices.Find(name));

    /// <summary>The device that a model is on, as it stays where the caller has put it.</summary>
    /// <exception cref="PreciseBnException">Another one is asked for.</exception>
    internal static Device Agree(string model, Device own, Device? asked) =>
        asked is null || (asked.type == own.type && (own.type == DeviceType.CPU || asked.index == own.index))
            ? own
            : throw ModelErrors.OnOtherDevice(model, own.ToString(), asked.ToString());

    public IReadOnlyList<string> FindShared(IReadOnlyCollection<string> layers) => [];

    public ModelFingerprint Identify(IReadOnlyCollection<string> layers) => LiveFingerprint.Of(root, layers);

    public IObservedModel Load(IReadOnlyCollection<string> layers, ObservationRules rules, Device device)
    {
        var found = Find(layers);
        RequirePlainCall(rules.Method, rules.Arguments.Count);
        return found.FirstOrDefault(layer => layer.DType is not (DType.Float32 or DType.Float64)) is { } layer
            ? throw ModelErrors.ReducedPrecision(Name, layer)
            : new ObservedLiveModel(Name, found, rules, device);
    }

    public IRunningModel LoadToRun(OutputOptions options, Device device)
    {
        RequirePlainCall(options.Method, options.Arguments.Count);
        return new RunningLiveModel(Name, root, options.OutputKey);
    }

    public IRunningModel LoadToRunByBatch(OutputOptions options, Device device)
    {
        RequirePlainCall(options.Method, options.Arguments.Count);
        return Layers is { Count: > 0 } layers
            ? new LiveModelByBatch(Name, root, layers, options.OutputKey)
            : throw ModelErrors.NoLayers(Name, Contents);
    }

    public IStatisticsSink PrepareToWrite(SaveOptions options) =>
        options with { Force = false } == new SaveOptions() ? new Sink(this) : throw ModelErrors.NothingToSave(Name);

    public void Dispose()
    {
    }

    private void RequirePlainCall(string method, int arguments)
    {
        if (method != "forward" || arguments > 0)
            throw CallErrors.CalledAsItIs(Name, "a model in memory");
    }

    private BnModule[] Find(IReadOnlyCollection<string> names)
    {
        var layers = Layers;
        var missing = names.Except(layers.Select(layer => layer.Name)).FirstOrDefault();
        if (missing is not null)
            throw ModelErrors.LayerNotFound(Name, missing);
        var found = layers.Where(layer => names.Contains(layer.Name)).ToArray();
        return SharedStatistics.Find(found, layers) is { } shared
            ? throw ModelErrors.StatisticsInOnePlace(Name, shared.Layer.Name, shared.Other.Name)
            : found;
    }

    private sealed class Sink(LiveModel model) : IStatisticsSink
    {
        public string? Destination => null;

        public void Write(IReadOnlyDictionary<string, ILayerStatistics> statistics, CancellationToken cancellation)
        {
            var layers = model.Find([.. statistics.Keys]);
            foreach (var layer in layers)
                NewStatistics.Require(model.Name, layer.Name, statistics[layer.Name], layer.DType, layer.DType);
            using var gradients = no_grad();
            using var scope = NewDisposeScope();
            foreach (var layer in layers)
            {
                var (target, given) = (layer.Live!.Layer, statistics[layer.Name]);
                target.running_mean!.copy_(tensor(given.Mean));
                target.running_var!.copy_(tensor(given.Variance));
                // TorchSharp may free a number that it makes a Scalar of itself while libtorch still reads it.
                if (given.BatchesTracked is { } batches)
                    target.num_batches_tracked?.copy_(tensor(batches));
            }
        }
    }
}

/// <summary>Tells on which model in memory something was measured: by its tensors, but for the statistics of the measured layers.</summary>
internal static class LiveFingerprint
{
    private static readonly string[] Changing = ["running_mean", "running_var", "num_batches_tracked"];

    /// <param name="model">The model.</param>
    /// <param name="measured">Names of the layers whose statistics are measured.</param>
    public static ModelFingerprint Of(nn.Module model, IEnumerable<string> measured)
    {
        var state = model.state_dict();
        using var scope = NewDisposeScope();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var left = measured.SelectMany(name => Changing.Select(buffer => name.Length == 0 ? buffer : $"{name}.{buffer}")).ToHashSet();
        foreach (var (name, tensor) in state.Where(item => !left.Contains(item.Key)).OrderBy(item => item.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name} {tensor.dtype} [{string.Join(", ", tensor.shape)}]"));
            hash.Append(tensor.detach().cpu().contiguous());
        }
        return new ModelFingerprint(null, ModelFingerprint.Hexadecimal(hash));
    }
}
