using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Models;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Tests.Support;

/// <summary>A model that is right as a whole, and between whose segments values change.</summary>
internal sealed class MisledModel(IModelSource model) : IModelSource
{
    public string Name => model.Name;

    public string? Path => model.Path;

    public string? Program => model.Program;

    public FileIdentity? Identity => model.Identity;

    public IReadOnlyList<BnModule> Layers => model.Layers;

    public IReadOnlyList<string> UntrackedLayers => model.UntrackedLayers;

    public IReadOnlyList<string> UnaccountedCalls => model.UnaccountedCalls;

    public IReadOnlyList<string> OperatorsBeyondNumbers => model.OperatorsBeyondNumbers;

    public string Contents => model.Contents;

    public SizeRange BatchSizes => model.BatchSizes;

    public object Gate => model.Gate;

    public Device FindDevice(string? name) => model.FindDevice(name);

    public ModelFingerprint Identify(IReadOnlyCollection<string> layers) => model.Identify(layers);

    public IReadOnlyList<string> FindShared(IReadOnlyCollection<string> layers) => model.FindShared(layers);

    public IObservedModel Load(IReadOnlyCollection<string> layers, ObservationRules rules, Device device) => new Misled(model.Load(layers, rules, device));

    public IRunningModel LoadToRun(OutputOptions options, Device device) => model.LoadToRun(options, device);

    public IRunningModel LoadToRunByBatch(OutputOptions options, Device device) => model.LoadToRunByBatch(options, device);

    public IStatisticsSink PrepareToWrite(SaveOptions options) => model.PrepareToWrite(options);

    public void Dispose() => model.Dispose();

    private sealed class Misled(IObservedModel model) : IObservedModel, IModelSegments
    {
        public IReadOnlyList<BnModule> Layers => model.Layers;

        public ObservationLayout Layout => model.Layout;

        public ScalarType ObservationType => model.ObservationType;

        public Device Device => model.Device;

        public Tensor? Shift => model.Shift;

        public ObservationRules Rules => model.Rules;

        public string? Note => model.Note;

        public IReadOnlyList<int> Observed => model.Observed;

        public IReadOnlyList<int> Order => model.Order;

        public IModelSegments Segments => this;

        IReadOnlyList<IReadOnlyList<int>> IModelSegments.Layers => model.Segments!.Layers;

        public int? Current
        {
            get => model.Segments!.Current;
            set => model.Segments!.Current = value;
        }

        public IReadOnlyList<Tensor> TakeValues() => model.Segments!.TakeValues().Select(value =>
        {
            using (value)
                return (value * value).DetachFromDisposeScope();
        }).ToArray();

        public void Configure(IReadOnlyList<int> observed, IReadOnlyDictionary<int, (double[] Mean, double[] Variance)> settled) => model.Configure(observed, settled);

        public IModelState CopyState() => model.CopyState();

        public Tensor Observe(Batch batch) => model.Observe(batch);

        public void Dispose() => model.Dispose();
    }
}
