using PreciseBn.Batches;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>No file is written whose name says that it is another kind of file.</summary>
public sealed class EndingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("digits.scripted.pt", "copy.pt2", ".pt")]
    [InlineData("digits.scripted.pt", "copy.safetensors", ".pt")]
    [InlineData("digits.exported-2.6.pt2", "copy.pt", ".pt2")]
    [InlineData("digits.exported-2.6.pt2", "copy.PTH", ".pt2")]
    [InlineData("digits.safetensors", "copy.pth", ".safetensors")]
    [InlineData("digits.checkpoint.pth", "copy.csv", ".pt")]
    public void A_copy_that_is_named_as_another_kind_of_file_is_refused(string model, string copy, string usual)
    {
        var error = Assert.Throws<PreciseBnException>(() => BnDestination.RequireEndingOfModel(_folder.File(copy), Fixtures.Path(model)));

        Assert.Equal("WrongEnding", error.ErrorId);
        Assert.EndsWith($"end with {usual}.", error.Message);
    }

    [Theory]
    [InlineData("digits.scripted.pt", "copy.pth")]
    [InlineData("digits.scripted.pt", "copy.ts")]
    [InlineData("digits.scripted.pt", "copy.bin")]
    [InlineData("digits.checkpoint.pth", "copy.pth.tar")]
    [InlineData("digits.checkpoint.pth", "copy")]
    [InlineData("digits.exported-2.6.pt2", "copy.PT2")]
    [InlineData("digits.exported-2.6.pt2", "copy.precise")]
    public void An_ending_of_that_kind_or_of_none_will_do(string model, string copy) =>
        BnDestination.RequireEndingOfModel(_folder.File(copy), Fixtures.Path(model));

    [Fact]
    public void A_model_whose_own_ending_is_unusual_may_be_copied_to_one_like_it()
    {
        var program = _folder.Copy("digits.exported-2.6.pt2", "program.pt");

        BnDestination.RequireEndingOfModel(_folder.File("copy.pt"), program);
    }

    [Fact]
    public void It_is_refused_before_anything_runs()
    {
        var isRead = false;
        IEnumerable<Tensor> Read()
        {
            isRead = true;
            yield return randn(8, 1, 28, 28);
        }
        using var model = BnModel.Open(Fixtures.Path("digits.scripted.pt"));

        Assert.Equal("WrongEnding", Assert.Throws<PreciseBnException>(
            () => model.Update(BatchSource.Of(Read()), save: new() { Destination = _folder.File("copy.pt2") })).ErrorId);
        Assert.Equal("WrongEnding", Assert.Throws<PreciseBnException>(
            () => model.MeasureShard(BatchSource.Of(Read()), new() { Checkpoint = _folder.File("part.pt"), DataName = "noise" })).ErrorId);
        Assert.Equal("WrongEnding", Assert.Throws<PreciseBnException>(() => BnStatFile.Write(_folder.File("stats.json"), model.Layers, force: false)).ErrorId);
        Assert.False(isRead);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void An_average_is_refused_so_too()
    {
        string[] epochs = [.. new[] { 2, 9 }.Select(epoch => Fixtures.Path($"averaging/scripted-2.6.epoch-{epoch}.pt"))];

        Assert.Equal("WrongEnding", Assert.Throws<PreciseBnException>(() => BnAverager.Average(epochs, _folder.File("average.pt2"))).ErrorId);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();
}
