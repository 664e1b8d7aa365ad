using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Whatever goes wrong, the error says what, and the file and its folder are as they were.</summary>
[Collection(AloneCollection.Name)]
public sealed class FailureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;
    private readonly byte[] _original;

    public FailureTests()
    {
        _model = _folder.Copy("digits.scripted.pt");
        _original = File.ReadAllBytes(_model);
    }

    [Fact]
    public void Data_that_are_known_to_be_too_short_fail_before_anything_runs()
    {
        using var data = Runs.Digits();

        AssertFails("NotEnoughData", "after 50", () => Runs.Update(_model, data, Runs.With(51)));
    }

    [Fact]
    public void Data_that_end_too_soon_say_how_many_batches_came()
    {
        var data = new EnumerableBatchSource(Generate(3), []);

        AssertFails("NotEnoughData", "after 3", () => Runs.Update(_model, data, Runs.With(4)));
    }

    [Fact]
    public void Without_a_number_of_iterations_all_the_data_are_used()
    {
        var stats = Runs.Update(_model, new EnumerableBatchSource(Generate(3), []));

        Assert.All(stats.Values, stat => Assert.Equal(3, stat.Batches));
    }

    [Fact]
    public void Without_a_number_of_iterations_at_most_200_batches_are_used()
    {
        var stats = Runs.Update(_model, new EnumerableBatchSource(Generate(201), []), where: layer => layer.Name == "stem.bn");

        Assert.Equal(200, stats["stem.bn"].Batches);
    }

    [Fact]
    public void Empty_data_are_an_error() =>
        AssertFails("NoData", "no batch", () => Runs.Update(_model, new EnumerableBatchSource(Generate(0), [])));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_value_that_is_not_finite_names_the_first_layer_and_the_batch(float value)
    {
        var batches = Enumerable.Range(0, 5).Select(_ => randn(2, 1, 28, 28)).ToArray();
        batches[3][1, 0, 5, 5] = value;

        var error = AssertFails("NotFinite", "batch 3", () => Runs.Update(_model, new EnumerableBatchSource(batches, [])));

        Assert.Contains("'stem.bn'", error.Message);
    }

    [Fact]
    public void Inputs_of_the_wrong_shape_are_described()
    {
        var error = AssertFails("ForwardFailed", "batch 0", () =>
            Runs.Update(_model, new EnumerableBatchSource([randn(2, 3, 28, 28)], [])));

        Assert.Contains("[2, 3, 28, 28]", error.Message);
        Assert.DoesNotContain("Traceback", error.Message);
    }

    [Fact]
    public void Inputs_of_the_wrong_type_are_described()
    {
        var error = AssertFails("ForwardFailed", "batch 0", () =>
            Runs.Update(_model, new EnumerableBatchSource([ones([2, 1, 28, 28], ScalarType.Int64)], [])));

        Assert.Contains("Int64", error.Message);
    }

    [Fact]
    public void A_wrong_number_of_inputs_names_those_that_the_model_takes()
    {
        var path = _folder.Copy("two-inputs.scripted.pt");

        var error = Assert.Throws<PreciseBnException>(() => Runs.Update(path, new EnumerableBatchSource([randn(6, 5)], [])));

        Assert.Equal("WrongInputCount", error.ErrorId);
        Assert.Contains("left: Tensor, right: Tensor", error.Message);
    }

    [Fact]
    public void Cancelling_stops_within_a_batch_and_changes_nothing()
    {
        using var cancellation = new CancellationTokenSource();
        var layers = Runs.Read(_model).Layers;
        var batches = 0;
        IEnumerable<object?> Endless()
        {
            while (true)
            {
                if (++batches == 3)
                    cancellation.Cancel();
                yield return randn(2, 1, 28, 28);
            }
        }

        Assert.ThrowsAny<OperationCanceledException>(() =>
            Runs.Update(layers, new EnumerableBatchSource(Endless(), []), new(), null, cancellation.Token));

        Assert.Equal(3, batches);
        AssertUnchanged();
    }

    [Fact]
    public void A_device_that_is_not_there_is_an_error()
    {
        if (cuda.is_available())
            return;
        using var data = Runs.Digits();

        AssertFails("DeviceNotFound", "'cuda:3'", () => Runs.Update(_model, data, new() { Device = "cuda:3" }));
        AssertFails("UnknownDevice", "'gpu'", () => Runs.Update(_model, data, new() { Device = "gpu" }));
    }

    [Fact]
    public void A_destination_that_exists_is_kept_unless_it_is_forced()
    {
        using var data = Runs.Digits();
        var destination = _folder.File("other.pt");
        File.WriteAllText(destination, "mine");

        AssertFails("DestinationExists", destination, () => Runs.Update(_model, data, save: new() { Destination = destination }));
        Assert.Equal("mine", File.ReadAllText(destination));

        Runs.Update(_model, data, save: new() { Destination = destination, Force = true });
        Assert.Equal(6, Runs.Read(destination).Layers.Count);
        Assert.Equal(_original, File.ReadAllBytes(_model));
    }

    [Fact]
    public void A_destination_in_a_folder_that_is_not_there_is_an_error_before_anything_runs()
    {
        var destination = _folder.File(Path.Combine("nowhere", "other.pt"));

        AssertFails("FolderNotFound", destination, () =>
            Runs.Update(_model, new EnumerableBatchSource(NeverRead(), []), save: new() { Destination = destination }));
    }

    [Fact]
    public void A_read_only_model_is_refused_before_anything_runs()
    {
        File.SetAttributes(_model, FileAttributes.ReadOnly);

        AssertFails("ReadOnlyFile", _model, () => Runs.Update(_model, new EnumerableBatchSource(NeverRead(), [])));

        File.SetAttributes(_model, FileAttributes.Normal);
    }

    [Fact]
    public void A_model_that_somebody_else_changes_meanwhile_is_not_overwritten()
    {
        IEnumerable<object?> Interfering()
        {
            yield return randn(2, 1, 28, 28);
            File.AppendAllText(_model, "changed");
        }

        var error = Assert.Throws<PreciseBnException>(() => Runs.Update(_model, new EnumerableBatchSource(Interfering(), [])));

        Assert.Equal("FileChanged", error.ErrorId);
        Assert.EndsWith("changed", File.ReadAllText(_model));
        Assert.Equal([_model], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Statistics_that_a_half_precision_file_cannot_hold_are_an_error()
    {
        var path = _folder.Copy("bfloat16.scripted.pt");
        var before = File.ReadAllBytes(path);
        var huge = randn(2, 3, 8, 8) * 1e19f;

        var error = Assert.Throws<PreciseBnException>(() => Runs.Update(path, new EnumerableBatchSource([huge], [])));

        Assert.Contains(error.ErrorId, new[] { "DoesNotFit", "NotFinite" });
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    public void Dispose() => _folder.Dispose();

    private static IEnumerable<object?> Generate(int count)
    {
        for (var i = 0; i < count; i++)
            yield return randn(2, 1, 28, 28);
    }

    private static IEnumerable<object?> NeverRead()
    {
        Assert.Fail("The data were read.");
        yield break;
    }

    private PreciseBnException AssertFails(string errorId, string mentioned, Action action)
    {
        var error = Assert.Throws<PreciseBnException>(action);
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(mentioned, error.Message);
        Assert.NotEmpty(error.Advice);
        AssertUnchanged();
        return error;
    }

    private void AssertUnchanged()
    {
        Assert.Equal(_original, File.ReadAllBytes(_model));
        Assert.DoesNotContain(Directory.GetFiles(_folder.Path), file => file.EndsWith(".tmp", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), "precise-bn-*.pt"));
    }
}
