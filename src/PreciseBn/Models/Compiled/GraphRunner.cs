using System.Runtime.InteropServices;
using PreciseBn.Native;
using static TorchSharp.torch;

namespace PreciseBn.Models.Compiled;

/// <summary>Runs the graph of a compiled model, as it is and without keeping what it returns.</summary>
/// <param name="isParallel">Whether its code runs parts of it at the same time: what fails there is an exception that TorchSharp does not catch.</param>
internal sealed class GraphRunner(bool isParallel = false)
{
    private bool _hasInstructions;

    /// <param name="invoke">Runs it; it may end behind the last layer that is asked for.</param>
    /// <param name="prepare">Done before its first run, where graphs are optimized.</param>
    /// <returns>Whether it came to its end.</returns>
    public bool Run(Action invoke, Action? prepare = null)
    {
        try
        {
            RunToItsEnd(invoke, prepare);
            return true;
        }
        catch (ExternalException e) when (e.Message.Contains(ObservationFunction.Ended, StringComparison.Ordinal))
        {
            return false;
        }
    }

    private void RunToItsEnd(Action invoke, Action? prepare)
    {
        if (_hasInstructions && !isParallel)
        {
            RunHere(invoke);
            return;
        }
        // The first run translates the graph into instructions, by recursion through operators whose results are used once.
        var (infers, tracksGradients, threads) = (is_inference_mode_enabled(), is_grad_enabled(), get_num_threads());
        _hasInstructions = isParallel ? UncaughtExceptions.Catch(RunThere) : RoomyThread.Run(_ => RunThere());

        bool RunThere()
        {
            using var inference = inference_mode(infers);
            using var gradients = set_grad_enabled(tracksGradients);
            using var limit = new ThreadLimit(threads);
            if (!_hasInstructions)
                prepare?.Invoke();
            RunHere(invoke);
            return true;
        }
    }

    private static void RunHere(Action invoke)
    {
        using var scope = NewDisposeScope();
        using var unoptimized = GraphExecutor.RunUnoptimized();
        invoke();
    }
}
