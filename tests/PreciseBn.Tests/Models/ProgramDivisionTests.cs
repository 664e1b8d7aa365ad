using System.Text.Json;
using PreciseBn.Models.Compiled;
using PreciseBn.Models.Exported;

namespace PreciseBn.Tests;

/// <summary>
/// Which exported programs are divided into segments, read in programs that are made up: two layers one after the other, and operations of
/// each kind between them. In a segment all batches run before the next, and a batch may run twice.
/// </summary>
public sealed class ProgramDivisionTests
{
    private static readonly ExportedNode First = BatchNorm("x", "y1", 1), Second = BatchNorm("y1", "y2", 2);

    [Fact]
    public void Layers_one_after_the_other_are_in_segments_one_after_the_other() => Assert.Equal([[0], [1]], Divide([First, Second])?.Layers);

    [Fact]
    public void Without_a_layer_that_runs_there_is_nothing_to_divide() => Assert.Null(Divide([Node("relu.default", Tensor("r"), ("self", Tensor("x")))]));

    [Fact]
    public void What_is_only_asserted_is_in_no_segment()
    {
        var assertion = Node("_assert_tensor_metadata.default", Tensor("none"), ("a", Tensor("x")));

        Assert.Equal([First, First, Second], Divide([assertion, First, Second])!.Steps.SelectMany(steps => steps).Select(step => step.Node));
    }

    [Fact]
    public void Weights_that_are_computed_go_to_the_layer()
    {
        var segments = Divide([Node("mul.Tensor", Tensor("w"), ("self", Tensor("x")), ("other", Tensor("x"))), First, BatchNorm("y1", "y2", 2, weight: "w")])!;

        Assert.Equal(["x", "w"], segments.ValuesBefore(1));
    }

    [Theory]
    [InlineData("mean1")]
    [InlineData("variance2")]
    public void Statistics_of_a_layer_are_for_the_layer_only(string statistics) =>
        Assert.Null(Divide([Node("mul.Tensor", Tensor("m"), ("self", Tensor(statistics)), ("other", Tensor("x"))), First, Second]));

    // What it has become when the first segment is done is not what the next batch finds.
    [Fact]
    public void A_buffer_that_is_written_to_is_used_in_one_segment_only()
    {
        var write = Node("add_.Tensor", Tensor("b1"), ("self", Tensor("buffer")), ("other", Tensor("x")));

        Assert.NotNull(Divide([write, Node("mul.Tensor", Tensor("m"), ("self", Tensor("buffer")), ("other", Tensor("x"))), First, Second]));
        Assert.Null(Divide([write, First, Node("mul.Tensor", Tensor("m"), ("self", Tensor("buffer")), ("other", Tensor("y1"))), Second]));
    }

    // A program without operations that write returns what they become.
    [Fact]
    public void A_buffer_that_changes_is_only_counted_up()
    {
        var count = Node("add.Tensor", Tensor("b1"), ("self", Tensor("buffer")), ("other", Tensor("x")));
        ExportedNode Use(string what) => Node("mul.Tensor", Tensor("m"), ("self", Tensor(what)), ("other", Tensor("x")));

        Assert.NotNull(Divide([count, First, Second], ("buffer", "b1")));
        Assert.Null(Divide([count, Use("buffer"), First, Second], ("buffer", "b1")));
        Assert.Null(Divide([count, Use("b1"), First, Second], ("buffer", "b1")));
    }

    [Fact]
    public void An_input_is_written_to_in_the_first_segment_only()
    {
        ExportedNode Write(string what) => Node("add_.Tensor", Tensor("e1"), ("self", Tensor("extra")), ("other", Tensor(what)));

        Assert.NotNull(Divide([Write("x"), First, Second]));
        Assert.Null(Divide([First, Write("y1"), Second]));
    }

    [Fact]
    public void Layers_that_are_not_measured_and_keep_statistics_of_the_batches_write_to_them()
    {
        ExportedNode Other(bool isTraining) => BatchNorm("y1", "z", 3, isTraining);
        var read = Node("add.Tensor", Tensor("sum"), ("self", Tensor("x")), ("other", Tensor("mean3")));

        Assert.NotNull(Divide([read, First, Other(isTraining: false), Second]));
        Assert.Null(Divide([read, First, Other(isTraining: true), Second]));
    }

    [Fact]
    public void A_value_is_written_to_in_the_segment_that_made_it()
    {
        var made = Node("relu.default", Tensor("r"), ("self", Tensor("x")));
        ExportedNode Write(string what) => Node("add_.Tensor", Tensor("r1"), ("self", Tensor("r")), ("other", Tensor(what)));

        Assert.NotNull(Divide([made, Write("x"), First, Second]));
        Assert.Null(Divide([made, First, Write("y1"), Second]));
    }

    // In their schema, which is not in the file.
    [Fact]
    public void What_is_not_known_to_leave_all_else_as_it_was_is_in_no_segment()
    {
        Assert.Null(Divide([Node("rrelu_with_noise.default", Tensor("r"), ("self", Tensor("x")), ("noise", Tensor("buffer"))), First, Second]));
        Assert.Null(Divide([Node("_foreach_add_.Scalar", Tensor("r"), ("self", """{"as_tensors": [{"name": "x"}]}""")), First, Second]));
    }

    [Fact]
    public void Where_a_result_is_to_be_written_it_may_be_anything() =>
        Assert.Null(Divide([Node("mul.out", Tensor("m"), ("self", Tensor("x")), ("other", Tensor("x")), ("out", Tensor("buffer"))), First, Second]));

    [Theory]
    [InlineData("as_strided.default")]
    [InlineData("storage_offset.default")]
    public void What_reads_where_values_lie_has_them_where_they_always_were(string target) =>
        Assert.Null(Divide([Node(target, Tensor("s"), ("self", Tensor("x"))), First, Second]));

    [Fact]
    public void A_value_whose_type_is_not_known_does_not_go_from_one_segment_to_the_next()
    {
        var unknown = Node("made_up.default", """{"as_optional_tensor": {"as_tensor": {"name": "u"}}}""", ("self", Tensor("x")));
        ExportedNode Use(string with) => Node("add.Tensor", Tensor("sum"), ("self", Tensor(with)), ("other", Tensor("u")));

        Assert.NotNull(Divide([unknown, Use("x"), First, Second]));
        Assert.Null(Divide([unknown, First, Use("y1"), Second]));
    }

    /// <returns>The segments; <c>null</c> of a program that runs as a whole.</returns>
    private static ProgramSegments? Divide(IReadOnlyList<ExportedNode> nodes, params (string Name, string Variable)[] changes)
    {
        var tensors = Enumerable.Range(1, 3).SelectMany(i => new[] { $"mean{i}", $"variance{i}" }).Concat(["scale", "buffer"]).ToArray();
        var program = new ExportedProgram("made-up.pt2", nodes, tensors.Select(name => (name, name)).ToArray(),
            [new ExportedInput("x", null, null), new ExportedInput("extra", null, null)], new([], false), tensors, changes, "2.6");
        StatisticsPlace Place(string name) => new(new StatisticsBuffer([name], [1]));
        var calls = nodes.Select(BatchNormCall.TryRead).OfType<BatchNormCall>().ToLookup(call => call.Mean);
        var layers = new[] { 1, 2 }.Select(i => new ExportedLayer(null!, Place($"mean{i}"), Place($"variance{i}"), [.. calls[$"mean{i}"]])).ToArray();
        return ProgramSegments.TryDivide(program, layers);
    }

    private static ExportedNode BatchNorm(string input, string output, int number, bool isTraining = false, string weight = "scale") => Node(
        "batch_norm.default", Tensor(output), ("input", Tensor(input)), ("weight", Tensor(weight)), ("running_mean", Tensor($"mean{number}")),
        ("running_var", Tensor($"variance{number}")), ("training", isTraining ? """{"as_bool": true}""" : """{"as_bool": false}"""));

    private static ExportedNode Node(string target, string output, params (string Name, string Value)[] inputs) => new(
        target, $"torch.ops.aten.{target}", inputs.Select(input => KeyValuePair.Create(input.Name, Argument(input.Value))).ToArray(), [Argument(output)], new("", ""));

    private static string Tensor(string name) => $$$"""{"as_tensor": {"name": "{{{name}}}"}}""";

    private static ExportedArgument Argument(string text) => ExportedArgument.Read(JsonDocument.Parse(text).RootElement);
}
