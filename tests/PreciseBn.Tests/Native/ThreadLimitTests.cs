using PreciseBn.Batches;
using PreciseBn.Models.Compiled;
using PreciseBn.Native;
using PreciseBn.Primitives;
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
    public void A_model_that_cannot_run_leaves_their_number_as_it_was()
    {
        set_num_threads(2);

        Assert.Throws<PreciseBnException>(() => Runs.Measure(Runs.Read(Fixtures.Path("digits.state_dict.pth")).Layers, BatchSource.Of([zeros(1)]), new() { Threads = 1 }));

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

    [Fact]
    public void Measurements_at_the_same_time_have_a_number_each_and_leave_none_behind()
    {
        set_num_threads(2);
        using var both = new Barrier(2);

        var seen = OnNewThreads(() => Limited(3), () => Limited(1));

        Assert.Equal([[2, 3, 2, 3, 2], [2, 1, 2, 2, 2]], seen);
        Assert.Equal(2, get_num_threads());
        Assert.Equal([2], OnNewThreads(get_num_threads));

        // Before, with both, what a thread gets that begins meanwhile, when one has ended, and after.
        int[] Limited(int threads)
        {
            both.SignalAndWait();
            var before = get_num_threads();
            both.SignalAndWait();
            using var limit = new ThreadLimit(threads);
            both.SignalAndWait();
            var (during, others) = (get_num_threads(), OnNewThreads(get_num_threads)[0]);
            both.SignalAndWait();
            if (threads == 1)
                limit.Dispose();
            both.SignalAndWait();
            var afterOne = get_num_threads();
            limit.Dispose();
            return [before, during, others, afterOne, get_num_threads()];
        }
    }

    [Fact]
    public void The_first_run_of_a_graph_on_a_thread_of_its_own_has_the_number_of_its_caller()
    {
        set_num_threads(2);
        using var limit = new ThreadLimit(3);
        var seen = new List<int>();
        var graph = new GraphRunner();

        graph.Run(() => seen.Add(get_num_threads()));
        graph.Run(() => seen.Add(get_num_threads()));

        Assert.Equal([3, 3], seen);
    }

    public void Dispose() => set_num_threads(_before);

    // Threads that have asked for nothing yet.
    private static T[] OnNewThreads<T>(params Func<T>[] calls)
    {
        var results = new T[calls.Length];
        var threads = calls.Select((call, index) => new Thread(() => results[index] = call())).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        return results;
    }
}
