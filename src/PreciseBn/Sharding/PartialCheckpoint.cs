using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Recalibration;

namespace PreciseBn.Sharding;

/// <summary>
/// A file of partial statistics that grows with the work. It is replaced as a whole each time, so that a process that is
/// killed loses what it has measured since the last time, and nothing else.
/// </summary>
internal sealed class PartialCheckpoint : IMeasurementCheckpoint
{
    private readonly string _path;
    private readonly int _every;
    private readonly PartialRun _run;

    /// <param name="path">The file; if it is there, the run goes on from it.</param>
    /// <param name="every">After how many batches it is saved each time.</param>
    /// <param name="run">What the run is given.</param>
    /// <exception cref="PreciseBnException">The file is of another run, or of another kind, or cannot be written.</exception>
    public PartialCheckpoint(string path, int every, PartialRun run)
    {
        _path = path;
        _every = every;
        _run = run;
        WritableFile.Require(path);
        if (!File.Exists(path))
            return;
        using var file = SourceFile.Open(path);
        var contents = PartialArchive.Read(file);
        RefuseOtherRun(contents.Arguments);
        if (contents.IsFinished)
            Finished = contents.Partials;
        var first = contents.Partials[0];
        Saved = new MomentTotals(contents.Partials.Select(partial => partial.Sums).ToArray(), first.TotalBatches, first.SkippedBatches);
    }

    /// <summary>The result, if an earlier run has come to its end.</summary>
    public IReadOnlyList<PartialBnStat>? Finished { get; }

    public MomentTotals? Saved { get; }

    public bool IsDue(long batches) => batches % _every == 0;

    public void Save(MomentTotals totals) => Write(_run.ToPartials(totals, StopReason.Iterations), isFinished: false);

    /// <summary>Saves the result.</summary>
    public void Finish(IReadOnlyList<PartialBnStat> partials) => Write(partials, isFinished: true);

    private void Write(IReadOnlyList<PartialBnStat> partials, bool isFinished) =>
        PartialArchive.Write(_path, overwrite: true, new PartialContents(partials, isFinished, _run.Arguments));

    private void RefuseOtherRun(IReadOnlyDictionary<string, string> saved)
    {
        foreach (var (name, now) in _run.Arguments)
        {
            var then = saved.GetValueOrDefault(name, "");
            if (then != now)
                throw PartialErrors.OtherArguments(_path, name, then, now);
        }
    }
}
