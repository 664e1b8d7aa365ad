using System.Text.Json;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>PyTorch loads what was written, and finds the same values in it.</summary>
public sealed class PythonTests : IDisposable
{
    private const string Prelude = """
        import json, sys, torch
        def stats(tensors):
            return {name[:-len('.running_mean')]: [tensors[name].double().tolist(), tensors[name[:-4] + 'var'].double().tolist()]
                    for name in tensors if name.endswith('.running_mean')}
        def flat(tree, name=''):
            if isinstance(tree, torch.Tensor):
                return {name: tree}
            items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, (list, tuple)) else []
            return {n: t for key, value in items for n, t in flat(value, f'{name}.{key}' if name else str(key)).items()}

        """;

    private readonly TemporaryFolder _folder = new();

    [PythonFact]
    public void TorchScript_models_load_with_the_new_statistics_and_their_extra_files()
    {
        foreach (var fixture in new[] { "digits.scripted-extra.pt", "digits.traced-1.13.pt", "kinds.scripted.pt", "double.scripted.pt", "bfloat16.scripted.pt" })
        {
            var written = Change(_folder.Copy(fixture));

            var found = Run("extra = {'labels.txt': ''}; model = torch.jit.load(sys.argv[1], _extra_files=extra); "
                + "print(json.dumps(stats(dict(model.named_buffers()))))", written[0].Path!);

            AssertSame(written, found);
        }
    }

    [PythonFact]
    public void Checkpoints_load_safely_with_the_new_statistics()
    {
        foreach (var fixture in new[] { "digits.state_dict.pth", "digits.checkpoint.pth", "small/small.views-1.13.pth", "small/small.half-2.6.pth" })
        {
            var written = Change(_folder.Copy(fixture, Path.GetFileName(fixture)));

            // The safe loader of PyTorch 1 does not know all that optimizers keep.
            var found = Run("safe = {'weights_only': True} if torch.__version__[0] != '1' else {}; "
                + "print(json.dumps(stats(flat(torch.load(sys.argv[1], **safe)))))", written[0].Path!);

            AssertSame(written, found);
        }
    }

    [PythonFact]
    public void Exported_statistics_apply_with_load_state_dict()
    {
        var layers = Change(_folder.Copy("digits.scripted.pt"));
        var export = _folder.File("stats.safetensors");
        BnStatFile.Write(export, layers, force: false);

        // Read by hand, as the safetensors package need not be there: its format is 8 bytes, JSON, and the numbers.
        var found = Run("""
            import struct
            model = torch.jit.load(sys.argv[1])
            data = open(sys.argv[2], 'rb').read()
            length = struct.unpack('<q', data[:8])[0]
            tensors = {}
            for name, item in json.loads(data[8:8 + length]).items():
                if name != '__metadata__':
                    start, end = (8 + length + offset for offset in item['data_offsets'])
                    dtype = {'F64': torch.float64, 'I64': torch.int64}[item['dtype']]
                    tensors[name] = torch.frombuffer(bytearray(data[start:end]), dtype=dtype).reshape(item['shape'])
            for buffer in dict(model.named_buffers()).values():
                buffer.zero_()
            result = model.load_state_dict(tensors, strict=False)
            assert not any('running' in name for name in result.missing_keys), result
            print(json.dumps(stats(dict(model.named_buffers()))))
            """, _folder.Copy("digits.scripted.pt", "target.pt"), export);

        AssertSame(layers, found);
    }

    [PythonFact("2.6")]
    public void Exported_programs_load_with_the_new_statistics() => AssertProgramsLoad("2.6");

    [PythonFact("2.14")]
    public void Exported_programs_of_the_newer_format_load_with_the_new_statistics() => AssertProgramsLoad("2.14");

    public void Dispose() => _folder.Dispose();

    private void AssertProgramsLoad(string version)
    {
        foreach (var fixture in new[]
        {
            $"digits.exported-{version}.pt2", $"digits.exported-decomposed-{version}.pt2", $"exported/arguments-training-{version}.pt2",
        })
        {
            var written = Change(_folder.Copy(fixture, Path.GetFileName(fixture)));

            var found = Run("print(json.dumps(stats({**torch.export.load(sys.argv[1]).state_dict})))", written[0].Path!);

            AssertSame(written, found);
        }
    }

    private static IReadOnlyList<BnModule> Change(string path) => Runs.Apply(path, Runs.Read(path).Layers.Select((layer, i) => layer with
    {
        Mean = layer.Mean.Select((_, channel) => i + (channel / 8.0)).ToArray(),
        Variance = layer.Variance.Select((_, channel) => 1 + i + (channel / 4.0)).ToArray(),
    }).ToArray());

    private static JsonElement Run(string script, params string[] arguments)
    {
        var (exitCode, output, errors) = Tool.Run(PythonFactAttribute.Interpreter, ["-c", Prelude + script, .. arguments]);
        Assert.True(exitCode == 0, errors);
        return JsonDocument.Parse(output).RootElement;
    }

    private static void AssertSame(IReadOnlyList<BnModule> written, JsonElement found)
    {
        foreach (var layer in written)
        {
            var values = found.GetProperty(layer.Name);
            Assert.Equal(layer.Mean, values[0].EnumerateArray().Select(value => value.GetDouble()));
            Assert.Equal(layer.Variance, values[1].EnumerateArray().Select(value => value.GetDouble()));
        }
    }
}
