using PreciseBn.Batches;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>A model from a stranger: what does more than compute, or would end the process, is refused before it runs.</summary>
public sealed class StrangerTests : IDisposable
{
    private const string Forward = "return (bn).forward(x, )";

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("torch.save(x, \"{0}\")", "save")]
    [InlineData("ops.aten.save(x, \"{0}\")", "save")]
    [InlineData("(x) . save (\"{0}\")", "save")]
    [InlineData("z = torch.from_file(\"{0}\", False, 4)", "from_file")]
    public void An_operator_that_reaches_files_is_refused_and_found(string call, string name)
    {
        var trace = _folder.File("trace");
        var path = Rewrite($"{string.Format(System.Globalization.CultureInfo.InvariantCulture, call, trace)}\n    {Forward}");
        using var model = BnModel.Open(path);

        var error = Assert.Throws<PreciseBnException>(() => model.Measure(BatchSource.Of([randn(8, 3)])));
        var finding = Assert.Single(model.Diagnose(), found => found.Finding == FindingKind.BeyondNumbers);

        Assert.Equal("OperatorNotAllowed", error.ErrorId);
        Assert.Contains($"aten::{name}", error.Message);
        Assert.Equal(FindingSeverity.Error, finding.Severity);
        Assert.False(File.Exists(trace));
    }

    [Theory]
    [InlineData("from_fiel", "no operator 'from_fiel'")]
    [InlineData("my::operator", "no operator 'my::operator'")]
    [InlineData("aten::relu", "relu only computes")]
    public void What_there_is_no_need_to_allow_is_an_error(string name, string expected)
    {
        var error = Assert.Throws<PreciseBnException>(() => new MeasureOptions { AllowedOperators = ["save", name] });

        Assert.Equal("NothingToAllow", error.ErrorId);
        Assert.Contains(expected, error.Message);
        Assert.Contains("from_file and save", error.Message);
    }

    [Theory]
    [InlineData("from_file")]
    [InlineData("aten::from_file")]
    public void An_operator_that_is_allowed_by_its_name_runs(string name)
    {
        var numbers = _folder.File("numbers");
        File.WriteAllBytes(numbers, new byte[64]);
        var path = Rewrite($"z = torch.from_file(\"{numbers.Replace("\\", "\\\\", StringComparison.Ordinal)}\", False, 4)\n    {Forward}");
        using var model = BnModel.Open(path);

        Assert.Equal(1, model.Measure(BatchSource.Of([randn(8, 3)]), new() { AllowedOperators = [name] }).Batches);
    }

    [Theory]
    [InlineData("brackets")]
    [InlineData("calls")]
    [InlineData("sums")]
    [InlineData("signs")]
    public void Code_that_is_nested_too_deep_is_refused(string kind)
    {
        var path = Rewrite(Nested(kind, 20_000));

        var error = Assert.Throws<PreciseBnException>(() =>
        {
            using var model = BnModel.Open(path);
            model.Measure(BatchSource.Of([randn(8, 3)]));
        });

        Assert.Equal("LimitExceeded", error.ErrorId);
    }

    [Theory]
    [InlineData("brackets", 3_900)]
    [InlineData("calls", 3_900)]
    [InlineData("sums", 3_900)]
    [InlineData("signs", 3_900)]
    [InlineData("lines", 20_000)]
    public void Deep_code_runs_on_a_thread_with_little_stack(string kind, int depth)
    {
        const int Stack = 512 << 10;
        var path = Rewrite(Nested(kind, depth));
        var batches = 0L;
        Exception? error = null;

        var thread = new Thread(
            () => error = Record.Exception(() =>
            {
                using var model = BnModel.Open(path);
                batches = model.Measure(BatchSource.Of([randn(8, 3), randn(8, 3)])).Batches;
            }),
            Stack);
        thread.Start();
        thread.Join();

        Assert.Null(error);
        Assert.Equal(2, batches);
    }

    public void Dispose() => _folder.Dispose();

    private static string Nested(string kind, int depth)
    {
        var code = kind switch
        {
            "brackets" => $"y = {new string('(', depth)}x{new string(')', depth)}",
            "calls" => $"y = {string.Concat(Enumerable.Repeat("torch.neg(", depth))}x{new string(')', depth)}",
            "sums" => $"y = {string.Join(" + ", Enumerable.Repeat("x", depth))}",
            "signs" => $"y = {string.Concat(Enumerable.Repeat("- ", depth))}x",
            _ => $"y = x\n{string.Concat(Enumerable.Repeat("    y = torch.neg(y)\n", depth))}",
        };
        return $"{code}\n    return (bn).forward(y, )";
    }

    private string Rewrite(string code)
    {
        var path = _folder.File("model.pt");
        ArchiveEditor.RewriteCode(Fixtures.Path("edges/one.pt"), path, Forward, code);
        return path;
    }
}
