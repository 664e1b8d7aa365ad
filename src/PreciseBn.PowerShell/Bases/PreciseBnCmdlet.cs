using System.Management.Automation;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>What all cmdlets of the module share: failures become error records, and Ctrl+C cancels a token.</summary>
public abstract class PreciseBnCmdlet : PSCmdlet, IDisposable
{
    private protected const string PathSet = "Path";
    private protected const string LiteralPathSet = "LiteralPath";
    private protected const string InputObjectSet = "InputObject";

    private readonly CancellationTokenSource _stop = new();
    private string _command = "";

    /// <summary>Cancelled when the pipeline is stopped.</summary>
    protected CancellationToken StopToken => _stop.Token;

    /// <summary>The command with its parameters, to be kept with what comes of it.</summary>
    private protected string Command => _command;

    /// <summary>Keeps the command as it was given, before anything comes through the pipeline.</summary>
    protected override void BeginProcessing() => _command = CommandText.Of(MyInvocation);

    /// <summary>Cancels what runs, so that it ends within a batch.</summary>
    protected override void StopProcessing() => _stop.Cancel();

    /// <summary>Runs the work for one item; its failure is reported and the next item has its turn.</summary>
    protected void ForEachItem(Action work)
    {
        try
        {
            work();
        }
        catch (PreciseBnException failure)
        {
            OnItemFailed();
            WriteError(failure.ToErrorRecord());
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>Called when the work for an item has failed, before the error is written.</summary>
    protected virtual void OnItemFailed()
    {
    }

    /// <summary>Runs the work for each file that paths lead to; a failure is reported and the next file has its turn.</summary>
    /// <param name="paths">Paths with wildcards.</param>
    /// <param name="literalPaths">Paths that are taken as they are.</param>
    /// <param name="work">What to do with the path of a file.</param>
    protected void ForEachFile(IEnumerable<string> paths, IEnumerable<string> literalPaths, Action<string> work)
    {
        foreach (var path in paths)
        {
            ForEachItem(() =>
            {
                foreach (var file in PathResolver.Resolve(this, path))
                    ForEachItem(() => work(file));
            });
        }
        foreach (var path in literalPaths)
            ForEachItem(() => work(PathResolver.ResolveLiteral(this, path)));
    }

    /// <summary>Whether the cmdlet is only to say what it would do, or the script that it is called in.</summary>
    private protected bool IsWhatIf => LanguagePrimitives.IsTrue(
        MyInvocation.BoundParameters.TryGetValue("WhatIf", out var whatIf) ? whatIf : SessionState.PSVariable.GetValue("WhatIfPreference"));

    /// <summary>Where arrays, tables and batches are no matter.</summary>
    private protected const string OnFolders = "on folders of images";

    /// <summary>Refuses parameters that would do nothing, before somebody thinks that they did.</summary>
    /// <param name="where">Where they have no effect, such as "on a loader".</param>
    /// <param name="advice">What to do.</param>
    /// <param name="parameters">Their names.</param>
    private protected void RefuseWithoutEffect(string where, string advice, params IEnumerable<string> parameters)
    {
        if (parameters.FirstOrDefault(IsGiven) is { } parameter)
            ThrowTerminatingError(new PreciseBnException(
                "OptionWithoutEffect", ErrorKind.InvalidArgument, $"-{parameter} has no effect {where}.", advice, parameter).ToErrorRecord());
    }

    private bool IsGiven(string parameter) =>
        MyInvocation.BoundParameters.TryGetValue(parameter, out var value) && value is not SwitchParameter { IsPresent: false };

    /// <summary>Refuses -Program for layers, which are of one already.</summary>
    private protected void RefuseProgram() =>
        RefuseWithoutEffect("on layers and statistics, which say themselves of which program they are", "Give it to the cmdlet that they come from.", nameof(RunCmdlet.Program));

    /// <summary>Makes sure that a file can be written, before what stands before the cmdlet in the pipeline has begun.</summary>
    protected void RequireDestination(string path, bool force)
    {
        var file = Require(() => PathResolver.ResolveOutput(this, path));
        if (!IsWhatIf)
            Require(() => BnDestination.Require(file, force));
    }

    /// <summary>
    /// Whether a pipeline has brought nothing to write. It then says why nothing is written, and leaves it to what stands before to
    /// say what went wrong.
    /// </summary>
    protected bool WasGivenNothing(int count, string path)
    {
        if (count > 0 || !MyInvocation.ExpectingInput)
            return false;
        WriteWarning($"Nothing came through the pipeline, so that '{path}' was not written.");
        return true;
    }

    /// <summary>Tells that other names of a file keep what it is now.</summary>
    protected void WarnOfOtherNames(string path)
    {
        if (BnDestination.CountOtherNames(path) is > 0 and var names)
            WriteWarning($"'{path}' has {names} other {(names == 1 ? "name" : "names")} (hard links), under which the file stays as it is: replacing it takes them apart.");
    }

    /// <summary>Tells which other programs of a file change with a model, before it is written.</summary>
    private protected void WarnOfSharedStatistics(BnModel model)
    {
        foreach (var shared in model.SharedStatistics)
            WriteWarning($"'{model.Path}': {shared}");
    }

    /// <summary>Runs work without which the cmdlet can do nothing; its failure ends the cmdlet.</summary>
    protected T Require<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (PreciseBnException failure)
        {
            ThrowTerminatingError(failure.ToErrorRecord());
            throw;
        }
    }

    /// <summary>Runs work without which the cmdlet can do nothing; its failure ends the cmdlet.</summary>
    protected void Require(Action work) => Require(() =>
    {
        work();
        return true;
    });

    /// <summary>Runs work without which the cmdlet can do nothing, and which Ctrl+C stops.</summary>
    protected T RequireUnlessStopped<T>(Func<T> work)
    {
        try
        {
            return Require(work);
        }
        catch (OperationCanceledException) when (Stopping)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>Runs work without which the cmdlet can do nothing, and which Ctrl+C stops.</summary>
    protected void RequireUnlessStopped(Action work) => RequireUnlessStopped(() =>
    {
        work();
        return true;
    });

    /// <summary>Releases the token.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the token.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            _stop.Dispose();
    }
}
