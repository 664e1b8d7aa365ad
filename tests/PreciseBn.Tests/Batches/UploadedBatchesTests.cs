using PreciseBn.Batches;
using PreciseBn.Evaluation;
using PreciseBn.Models;
using PreciseBn.Models.Live;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>
/// Batches go to the device of the model before anything else is done with them. Here that is libtorch's device without memory: whatever
/// reads a number of it fails.
/// </summary>
public sealed class UploadedBatchesTests : IDisposable
{
    private readonly Tensor _images = randn(2, 3, 4, 4);

    [Fact]
    public void On_its_device_a_batch_stays_what_it_is()
    {
        using var batch = new Batch([_images], isOwned: false);

        Assert.Same(batch, new UploadedBatches(new Batches(batch), CPU).Read(default).Single());
        Assert.Same(batch, new UploadedBatches(new Batches(batch), new Device(DeviceType.CPU, 0)).Read(default).Single());
    }

    [Fact]
    public void Elsewhere_it_is_a_copy_of_the_same_type_and_layout()
    {
        using var bytes = zeros(2, 3, ScalarType.Byte);
        using var turned = _images.transpose(1, 3);
        using var labels = zeros(2);
        var batch = new Batch([turned, bytes], isOwned: false, "a.npy") { Names = ["image", "mask"], Labels = labels }.Uncounted();

        using var uploaded = new UploadedBatches(new Batches(batch), META).Read(default).Single();

        Assert.Equal([(DeviceType.META, ScalarType.Float32), (DeviceType.META, ScalarType.Byte)],
            uploaded.Inputs.Select(input => (input.device_type, input.dtype)));
        Assert.Equal(turned.stride(), uploaded.Inputs[0].stride());
        Assert.Equal((true, false, "a.npy"), (uploaded.IsOwned, uploaded.IsCounted, uploaded.Origin));
        Assert.Equal(["image", "mask"], uploaded.Names);
        Assert.Equal(DeviceType.CPU, uploaded.Labels!.device_type);
        uploaded.Dispose();
        Assert.All([turned, bytes, labels], tensor => Assert.False(tensor.IsInvalid));
    }

    [Fact]
    public void What_else_is_done_with_it_is_done_there()
    {
        using var scope = NewDisposeScope();
        using var batch = new UploadedBatches(BatchSource.Of([_images]), META).Read(default).Single();
        using var copy = batch.Copy();

        Assert.Equal(DeviceType.META, copy.Inputs[0].device_type);
        Assert.Equal(DeviceType.META, ChannelsLast.Arrange(batch).Inputs[0].device_type);
    }

    [Fact]
    public void The_next_one_is_read_when_the_last_is_done_with_and_what_is_the_batchs_is_gone()
    {
        var read = new List<Tensor>();
        IEnumerable<Tensor> Read()
        {
            for (var i = 0; i < 3; i++)
            {
                read.Add(randn(2, 3));
                yield return read[^1];
            }
        }

        foreach (var (index, batch) in new UploadedBatches(BatchSource.Of(Read(), TensorOwnership.Batch), META).Read(default).Index())
        {
            using (batch)
                Assert.Equal(index + 1, read.Count);
            Assert.True(read[^1].IsInvalid);
        }
    }

    // The build for CPUs can pin no memory. TorchSharp would refuse the card itself with an error that is not libtorch's.
    [Fact]
    public void For_a_card_it_is_pinned_and_a_failure_says_which_batch_it_was()
    {
        if (cuda.is_available())
            return;
        var error = Assert.Throws<PreciseBnException>(() =>
            new UploadedBatches(BatchSource.Of([_images]), new Device(DeviceType.CUDA, 0)).Read(default).ToArray());

        Assert.Equal("TorchFailed", error.ErrorId);
        Assert.Contains("bring batch 0 (Float32 [2, 3, 4, 4]) to the device 'cuda:0'", error.Message);
    }

    [Fact]
    public void A_model_is_given_what_was_brought_to_it()
    {
        using var layer = nn.BatchNorm2d(3);
        using var elsewhere = _images.to(META);

        var whole = Assert.Throws<PreciseBnException>(() => Runs.Measure(Runs.Layers(layer), BatchSource.Of([elsewhere])));
        var shard = Assert.Throws<PreciseBnException>(() => Runs.MeasureShard(Runs.Layers(layer), BatchSource.Of([elsewhere]), new() { DataName = "none" }));

        Assert.All([whole, shard], error => Assert.Contains("bring batch 0", error.Message));
    }

    [Fact]
    public void Models_that_are_judged_are_given_it_where_each_is()
    {
        using var here = new Recording(CPU);
        using var there = new Recording(META);

        var results = Judge(_images, [here, there], failures: []);

        Assert.Equal((DeviceType.CPU, DeviceType.META), (here.Given, there.Given));
        Assert.Equal([0.5, 0.5], results.Select(result => result.Top1));
        Assert.Equal(["cpu", "meta"], results.Select(result => result.Device));
    }

    // From a device without memory nothing comes back.
    [Fact]
    public void One_that_it_cannot_be_brought_to_fails_alone()
    {
        using var there = new Recording(META);
        using var here = new Recording(CPU);
        var failures = new List<PreciseBnException>();

        var result = Assert.Single(Judge(_images, [there, here], failures));

        Assert.Equal("meta", result.Device);
        Assert.Contains("bring batch 0 (Float32 [2, 3, 4, 4]) to the device 'cpu'", Assert.Single(failures).Message);
    }

    public void Dispose() => _images.Dispose();

    private static IReadOnlyList<BnAccuracy> Judge(Tensor images, Recording[] models, List<PreciseBnException> failures)
    {
        using var labels = tensor([0L, 1L]);
        using var batch = new Batch([images], isOwned: false) { Labels = labels };
        return new AccuracyEvaluator(models.Select(model => new LiveModel(model)).ToArray(), new Batches(batch), new(), (_, failure) => failures.Add(failure), null).Run(default);
    }

    /// <summary>Takes every item for one of the first class, and knows where it was given the last ones.</summary>
    private sealed class Recording : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter _weight;

        public Recording(Device device)
            : base(nameof(Recording))
        {
            _weight = nn.Parameter(zeros(1, device: device));
            RegisterComponents();
        }

        public DeviceType Given { get; private set; }

        public override Tensor forward(Tensor input)
        {
            Given = input.device_type;
            return tensor(new[] { 1f, 0, 0 }).expand(input.size(0), 3);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _weight.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class Batches(params Batch[] batches) : IBatchSource
    {
        public long? BatchCount => batches.Length;

        public IEnumerable<Batch> Read(CancellationToken cancellation) => batches;
    }
}
