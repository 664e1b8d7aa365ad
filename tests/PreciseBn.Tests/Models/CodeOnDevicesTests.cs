using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Models;
using PreciseBn.Models.Compiled;
using PreciseBn.Models.Exported;
using PreciseBn.Models.TorchScript;
using PreciseBn.Statistics;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>What a model has in its code of the device it was made on, as it is handed to libtorch for another. None of it was run on a card.</summary>
public sealed partial class CodeOnDevicesTests
{
    [Theory]
    [InlineData("cases/gpu-made/trace_eval-2.6.pt", "cpu", "cuda:0")]
    [InlineData("cases/gpu-made/trace_eval-cuda-2.6.pt", "cuda:0", "cpu")]
    [InlineData("cases/gpu-made/trace_eval-cuda-2.6.pt", "cuda:0", "cuda:1")]
    [InlineData("cases/edges/cuda.pt", "cuda:0", "cpu")]
    public void Devices_in_code_are_the_one_to_run_on(string model, string made, string run)
    {
        Assert.Contains($"torch.device(\"{made}\")", SourceOf(model));

        var devices = Devices().Matches(Instrumented(model, new(), run)).Select(match => match.Value).ToArray();

        Assert.NotEmpty(devices);
        Assert.All(devices, device => Assert.Equal($"torch.device(\"{run}\")", device));
    }

    [Theory]
    [InlineData("""{"type": "cpu"}""", "cuda:0")]
    [InlineData("""{"type": "cuda"}""", "cpu")]
    [InlineData("""{"type": "cuda", "index": 1}""", "cuda:0")]
    public void Devices_of_exported_programs_are_the_one_to_run_on(string made, string run)
    {
        var program = ProgramOf("cases/gpu-made/export-2.6.pt2");
        var nodes = program.Nodes.Select(node => node with { Inputs = node.Inputs.Select(input => input.Value.Kind == "as_device" ? new(input.Key, Argument($$"""{"as_device": {{made}}}""")) : input).ToArray() });

        var devices = Devices().Matches(Written(program with { Nodes = nodes.ToArray() }, run, allowsTf32: false)).Select(match => match.Value).ToArray();

        Assert.NotEmpty(devices);
        Assert.All(devices, device => Assert.Equal($"torch.device(\"{run}\")", device));
    }

    [Theory]
    [InlineData("digits.traced.pt")]
    [InlineData("cases/gpu-made/trace_eval-2.6.pt")]
    [InlineData("cases/jit-of-export/dynamo-2.6.pt")]
    public void Traced_convolutions_use_all_digits_and_are_otherwise_as_they_were(string model)
    {
        var before = Convolutions().Matches(SourceOf(model)).Select(call => call.Value).ToArray();
        var after = Convolutions().Matches(Instrumented(model, new(), "cpu")).Select(call => call.Value).ToArray();

        Assert.NotEmpty(before);
        Assert.All(before, call => Assert.EndsWith("False, False, True, True)", call));
        Assert.Equal(before.Select(call => call[..^"True)".Length] + "False)"), after);
        Assert.Equal(before, Convolutions().Matches(Instrumented(model, new() { AllowTf32 = true }, "cpu")).Select(call => call.Value));
    }

    [Theory]
    [InlineData("x = torch._convolution(torch._convolution(x, w, b, [1], [0], [1], False, [0], 1, False, False, True, True), w, None, [1], [0], [1], False, [0], 1, True, True, True, True)", 2)]
    [InlineData("ops.aten.cudnn_convolution(x, w, [0, 0], [1, 1], [1, 1], 1, False, True,\n    allow_tf32=True)", 1)]
    [InlineData("torch.cudnn_convolution_transpose(x, w, [0], [0], [1], [1], 1, False, True, True)", 1)]
    [InlineData("torch._convolution(x, w, b, [1], [0], [1], False, [0], 1, False, True, True)", 0)]
    [InlineData("torch.conv2d(x, w, b, [1, 1], [0, 0], [1, 1], 1); self._convolution(x, True)", 0)]
    public void The_precision_of_a_convolution_is_found_in_its_arguments(string source, int count) =>
        Assert.Equal(Enumerable.Repeat("True", count), TracedConvolutions.FindPrecision(source).Select(place => source[place.Start..place.End]));

    [Theory]
    [InlineData(false, "False")]
    [InlineData(true, "True")]
    public void A_convolution_of_an_exported_program_is_as_precise_as_one_of_a_trace(bool isAllowed, string written)
    {
        var program = ProgramOf("cases/gpu-made/export-2.6.pt2");
        // As cudnn_convolution, which has the argument; conv2d asks what is allowed when it runs.
        var nodes = program.Nodes.Select(node => node.Target.Contains("conv") ? node with { Inputs = [.. node.Inputs, new("allow_tf32", Argument("""{"as_bool": true}"""))] } : node);

        var text = Written(program with { Nodes = nodes.ToArray() }, "cpu", isAllowed);

        Assert.Contains($"allow_tf32={written}", text);
    }

    private static ExportedArgument Argument(string text) => ExportedArgument.Read(JsonDocument.Parse(text).RootElement);

    private static string SourceOf(string model)
    {
        using var archive = ZipFile.OpenRead(Fixtures.Path(model));
        return SourceOf(archive);
    }

    private static string Instrumented(string model, ObservationRules rules, string device)
    {
        using var file = (TorchScriptFile)ModelFile.Open(Fixtures.Path(model));
        using var copy = new MemoryStream();
        file.Instrument(file.Layers, rules, device).Write(copy);
        using var archive = new ZipArchive(copy);
        return SourceOf(archive);
    }

    private static string SourceOf(ZipArchive archive) => string.Concat(archive.Entries
        .Where(entry => entry.FullName.EndsWith(".py") && !entry.FullName.EndsWith("/precise_bn.py")).OrderBy(entry => entry.FullName[entry.FullName.IndexOf('/')..], StringComparer.Ordinal).Select(entry =>
        {
            using var text = new StreamReader(entry.Open());
            return text.ReadToEnd();
        }));

    private static ExportedProgram ProgramOf(string model)
    {
        using var file = SourceFile.Open(Fixtures.Path(model));
        return ExportedProgram.Read(ExportedArchive.TryRead(ZipContents.TryOpen(file, 0, file.Length)!, program: null)!);
    }

    private static string Written(ExportedProgram program, string device, bool allowsTf32) =>
        new ProgramWriter(program, device, allowsTf32).Write([], new StatisticsLayout([])).Text;

    [GeneratedRegex(@"torch\.device\(""[^""]*""\)")]
    private static partial Regex Devices();

    [GeneratedRegex(@"torch\._convolution\([^\n]*\)")]
    private static partial Regex Convolutions();
}
