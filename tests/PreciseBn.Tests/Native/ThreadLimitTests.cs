using PreciseBn.Native;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>libtorch computes on as many threads as it is told to, and afterwards on as many as before.</summary>
[Collection(AloneCollection.Name)]
public sealed class ThreadLimitTests : IDisposable
{
    private readonly int _before = get_num_threads();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_model_is_measured_on_as_many_threads_as_are_asked_for(int threads)
    {
        set_num_threads(2);
        using var data = Runs.Digits(take: 64);
        var seen = new List<int>();

        Runs.Measure(Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers, data, new() { Threads = threads }, new Recorder(_ => seen.Add(get_num_threads())));

        Assert.Equal([threads, threads], seen);
        Assert.Equal(2, get_num_threads());
    }

    [Fact]
    public void Unless_it_is_said_otherwise_there_are_no_more_of_them_than_processors_to_use()
    {
        set_num_threads(Environment.ProcessorCount + 3);
        using (new ThreadLimit(null))
            Assert.Equal(Environment.ProcessorCount, get_num_threads());
        Assert.Equal(Environment.ProcessorCount + 3, get_num_threads());

        set_num_threads(1);
        using (new ThreadLimit(null))
            Assert.Equal(1, get_num_threads());
    }

    public void Dispose() => set_num_threads(_before);
}
