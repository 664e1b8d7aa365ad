using System.Text;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>What cannot be done with an exported program is said before anything is changed, with the place.</summary>
public sealed class ExportedProgramErrorTests : IDisposable
{
    private const string Program = "serialized_exported_program.json";

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("2.6")]
    [InlineData("2.14")]
    public void A_higher_order_operator_is_named_with_its_line_of_Python(string version)
    {
        var path = _folder.Copy($"exported/choice-{version}.pt2", "choice.pt2");

        var error = Run(path);

        Assert.Equal("NodeNotSupported", error.ErrorId);
        Assert.Contains("(torch.ops.higher_order.cond)", error.Message);
        Assert.Contains("it is a higher-order operator", error.Message);
        Assert.Contains("networks.py\", line 44, in forward: return torch.cond(", error.Message);
        Assert.Equal(File.ReadAllBytes(Fixtures.Path($"exported/choice-{version}.pt2")), File.ReadAllBytes(path));
    }

    [Fact]
    public void Layers_in_the_branches_of_one_are_named()
    {
        using var model = BnModel.Open(Fixtures.Path("segments/branches-2.6.pt2"));

        Assert.Equal(["bn"], model.Layers.Select(layer => layer.Name));
        Assert.Equal(2, model.UnaccountedCalls.Count);
        Assert.All(model.UnaccountedCalls.Zip(["yes", "no"]), call => Assert.Matches($"of '{call.Second}': .* torch.ops.higher_order.cond runs.*cannot be run", call.First));
    }

    [Theory]
    [InlineData("torch.ops.aten.relu.default", "torch.ops.mine.relu.default", "torch.ops.mine.relu.default")]
    [InlineData("torch.ops.aten.relu.default", "torch.ops.aten.relu_of_tomorrow.default", "no such operator")]
    [InlineData("torch.ops.aten.relu.default", "torch.ops.aten.conv2d.default", "libtorch says")]
    public void A_node_that_libtorch_does_not_know_is_named(string before, string after, string message)
    {
        var error = Run(Edit(Program, text => text.Replace(before, after)));

        Assert.Equal("NodeNotSupported", error.ErrorId);
        Assert.Contains("'relu'", error.Message);
        Assert.Contains(message, error.Message);
        Assert.Contains("in forward: def forward(s, x): return F.relu(s.bn(s.conv(x)))", error.Message);
    }

    [Fact]
    public void A_program_compiled_ahead_of_time_is_refused_with_advice()
    {
        var path = _folder.File("compiled.pt2");
        new RawZip(path).Add("x/archive_format", [.. "pt2"u8]).Add("x/data/aotinductor/model/code.so", [1]).Write();

        var error = Assert.Throws<PreciseBnException>(() => Runs.Read(path));

        Assert.Equal("CompiledAheadOfTime", error.ErrorId);
        Assert.Contains("torch.export.save", error.Advice);
    }

    [Fact]
    public void Several_programs_in_a_file_are_refused()
    {
        var path = _folder.File("several.pt2");
        new RawZip(path).Add("x/archive_format", [.. "pt2"u8]).Add("x/models/a.json", [.. "{}"u8]).Add("x/models/b.json", [.. "{}"u8]).Write();

        var error = Assert.Throws<PreciseBnException>(() => Runs.Read(path));

        Assert.Equal("SeveralPrograms", error.ErrorId);
        Assert.Contains("2 exported programs: a, b.", error.Problem);
    }

    [Theory]
    [InlineData("\"major\": 8", "\"major\": 9", "UnknownSchema")]
    [InlineData("\"major\": 8", "\"major\": 7", "UnknownSchema")]
    [InlineData("\"graph_module\"", "\"graph\"", "DamagedFile")]
    [InlineData("\"name\": \"relu\"", "\"name\": \"re lu\"", "DamagedFile")]
    public void A_program_of_another_schema_is_refused(string before, string after, string errorId) =>
        Assert.Equal(errorId, Run(Edit(Program, text => text.Replace(before, after))).ErrorId);

    [Fact]
    public void Big_endian_is_refused()
    {
        var path = _folder.File("big.pt2");
        ArchiveEditor.Rewrite(Fixtures.Path("digits.exported-2.14.pt2"), path, (name, bytes) =>
            name.EndsWith("/byteorder", StringComparison.Ordinal) ? [.. "big"u8] : bytes);

        Assert.Equal("UnsupportedFile", Assert.Throws<PreciseBnException>(() => Runs.Read(path)).ErrorId);
    }

    [Fact]
    public void A_weight_that_does_not_match_its_checksum_is_not_used()
    {
        var path = _folder.Copy("digits.exported-2.14.pt2");
        var bytes = File.ReadAllBytes(path);
        var weight = bytes.AsSpan().IndexOf("weights/weight_3"u8);
        bytes[weight + 200] ^= 1;
        File.WriteAllBytes(path, bytes);

        Assert.Equal("DamagedFile", Run(path).ErrorId);
    }

    [Fact]
    public void Too_few_inputs_are_told_what_is_wanted()
    {
        var error = Run(_folder.Copy("exported/arguments-2.6.pt2", "arguments.pt2"));

        Assert.Equal("WrongInputCount", error.ErrorId);
        Assert.Contains("image, extra", error.Message);
    }

    public void Dispose() => _folder.Dispose();

    private static PreciseBnException Run(string path)
    {
        using var batch = TorchSharp.torch.zeros(4, 4);
        return Assert.Throws<PreciseBnException>(() => Runs.Update(path, new EnumerableBatchSource([batch], [])));
    }

    private string Edit(string entry, Func<string, string> change)
    {
        var path = _folder.File("edited.pt2");
        ArchiveEditor.Rewrite(Fixtures.Path("digits.exported-2.6.pt2"), path, (name, bytes) =>
            name == entry ? Encoding.UTF8.GetBytes(change(Encoding.UTF8.GetString(bytes))) : bytes);
        return path;
    }
}
