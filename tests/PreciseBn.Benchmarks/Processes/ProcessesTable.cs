using System.Diagnostics;
using System.Text.Json;
using PreciseBn.Tests.Support;

namespace PreciseBn.Benchmarks.Processes;

/// <summary>Whole processes, from a cold shell to the end, beside Python doing the same; they take turns.</summary>
internal static class ProcessesTable
{
    private const double Megabyte = 1 << 20;

    public static MarkdownTable Make(Options options)
    {
        using var folder = new TemporaryFolder();
        var table = new MarkdownTable(
            "work (pwsh, Python)", "this module, s", "of which cmdlets, s", "Python, s", "process / process", "cmdlets / process",
            "this module, peak MB", "Python, peak MB");
        foreach (var (name, command, python) in Works(options, folder))
        {
            var rounds = Enumerable.Range(0, 1 + options.Repetitions).Select(_ => (
                Module: WholeProcess.Run(Shell.Command(command)),
                Peer: WholeProcess.Run(python()))).Skip(1).ToArray();
            var module = Median.Of(rounds.Select(round => round.Module.Seconds));
            var peer = Median.Of(rounds.Select(round => round.Peer.Seconds));
            var cmdlets = Median.Of(rounds.Select(round => Number(round.Module, line: 0)));
            table.Add(name, $"{module:0.00}", $"{cmdlets:0.000}", $"{peer:0.00}", $"{module / peer:0.00}", $"{cmdlets / peer:0.000}",
                $"{Median.Of(rounds.Select(round => Number(round.Module, line: 1))) / Megabyte:0}",
                $"{Median.Of(rounds.Select(round => Memory(round.Peer))) / Megabyte:0}");
        }
        return table;
    }

    private static IEnumerable<(string Name, string Command, Func<ProcessStartInfo> Python)> Works(Options options, TemporaryFolder folder)
    {
        foreach (var megabytes in new[] { 10, 100, 400 })
        {
            var model = Path.Combine(options.Models, $"weights-{megabytes}.pt");
            yield return ($"`Get-BnModule`, {megabytes} MB; `torch.jit.load`", $"Get-BnModule '{model}'", () => Python.Command("load", model));
            yield return ($"`Compare-BnStat`, twice {megabytes} MB; `torch.jit.load` of both",
                $"Compare-BnStat '{model}' '{model}'", () => Python.Command("load", model, model));
        }
        yield return Update("digits", Fixtures.Path("digits.scripted.pt"), Fixtures.Path("digits.calibration.npz"), 32);
        yield return Update("resnet50", Path.Combine(options.Models, "resnet50.pt"), Path.Combine(options.Models, "images.npz"), 16);

        (string, string, Func<ProcessStartInfo>) Update(string name, string model, string images, int batch) => (
            $"`Update-BnStat`, {name}; `update_bn_stats`",
            $"Get-BnModule '{model}' | Update-BnStat (New-BnDataLoader '{images}' -Key images -BatchSize {batch} -Mean 0.1307 "
                + $"-StandardDeviation 0.3081) -Destination '{folder.File("module.pt")}' -Force",
            () => Python.Command("update", name, model, images, $"{batch}", folder.File("peer.pth"), options.FvCore));
    }

    private static double Number(WholeProcess shell, int line) => double.Parse(shell.Output.Split('\n')[line]);

    private static double Memory(WholeProcess python) => JsonDocument.Parse(python.Output).RootElement.GetProperty("memory").GetDouble();
}
