using PreciseBn.Batches;

namespace PreciseBn.Data;

/// <summary>
/// Prepares the next batches on other threads while the model runs, and hands them out in order. At most
/// <paramref name="workers"/> batches are being prepared or waiting while the model has one.
/// </summary>
internal sealed class BatchPrefetch(ISampleSource samples, IEnumerable<IReadOnlyList<long>> plan, int workers)
{
    public IEnumerable<Batch> Read(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pending = new Queue<Task<Batch?>>();
        using var next = plan.GetEnumerator();
        try
        {
            while (true)
            {
                while (pending.Count <= workers && next.MoveNext())
                    pending.Enqueue(Prepare(next.Current, stop.Token));
                if (!pending.TryDequeue(out var task))
                    yield break;
                if (Wait(task, cancellation) is { } batch)
                    yield return batch;
            }
        }
        finally
        {
            stop.Cancel();
            foreach (var task in pending)
                Discard(task);
        }
    }

    private Task<Batch?> Prepare(IReadOnlyList<long> indices, CancellationToken cancellation) =>
        Task.Run(() => samples.Load(indices), cancellation);

    private static Batch? Wait(Task<Batch?> task, CancellationToken cancellation)
    {
        try
        {
            task.Wait(cancellation);
        }
        catch (OperationCanceledException)
        {
            Discard(task);
            throw;
        }
        catch (AggregateException)
        {
            // GetResult throws what the task threw.
        }
        return task.GetAwaiter().GetResult();
    }

    private static void Discard(Task<Batch?> task)
    {
        try
        {
            task.Wait();
            task.Result?.Dispose();
        }
        catch (AggregateException)
        {
            // Nobody will use this batch, so it does not matter that there is none.
        }
    }
}
