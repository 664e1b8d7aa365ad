using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>PyTorch loads averages, and finds in them what it computes itself of the files.</summary>
public sealed class AveragedByPythonTests : IDisposable
{
    private const string Check = """
        import sys, torch
        def load(path):
            if path.endswith('.pt'):
                model = torch.jit.load(path)
                return {**dict(model.named_parameters()), **dict(model.named_buffers())}
            if path.endswith('.pt2'):
                return dict(torch.export.load(path).state_dict)
            return torch.load(path, weights_only=True)['model']
        *files, result = map(load, sys.argv[1:])
        for name, tensor in result.items():
            expected = files[-1][name]
            if expected.is_floating_point() and 'running_' not in name:
                average = sum(file[name].double() for file in files) / len(files)
                # Of its own format the average may have been rounded on the way.
                assert expected.dtype != torch.float64 or (tensor - average).abs().max() < 1e-15, name
                expected = tensor if expected.dtype == torch.float64 else average.to(expected.dtype)
                assert not torch.equal(tensor, files[-1][name]), name
            assert torch.equal(tensor, expected) and tensor.dtype == files[-1][name].dtype and tensor.stride() == files[-1][name].stride(), name
        if sys.argv[1].endswith('.pt'):
            torch.jit.load(sys.argv[-1])(torch.randn(2, 2, 6, 6))
        if sys.argv[1].endswith('.pt2'):
            torch.export.load(sys.argv[-1]).module()(torch.randn(8, 2, 6, 6))
        print(len(result))
        """;

    private readonly TemporaryFolder _folder = new();

    [PythonFact("2.6")]
    public void PyTorch_loads_and_runs_averages_and_finds_the_same_numbers()
    {
        foreach (var (kind, ending) in new[] { ("scripted", "pt"), ("traced", "pt"), ("checkpoint", "pth"), ("exported", "pt2") })
        {
            var files = new[] { 2, 9, 10 }.Select(epoch => Fixtures.Path($"averaging/{kind}-2.6.epoch-{epoch}.{ending}")).ToArray();
            var average = BnAverager.Average(files, _folder.File($"{kind}.{ending}"));

            var (exitCode, output, errors) = Tool.Run(PythonFactAttribute.Interpreter, ["-c", Check, .. files, average.Path]);

            Assert.True(exitCode == 0, errors);
            Assert.InRange(int.Parse(output, System.Globalization.CultureInfo.InvariantCulture), 17, 18);
        }
    }

    public void Dispose() => _folder.Dispose();
}
