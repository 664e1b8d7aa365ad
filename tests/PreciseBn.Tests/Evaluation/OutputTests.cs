using PreciseBn.Data;
using PreciseBn.Models;
using PreciseBn.Models.Exported;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Of whatever a model returns, one tensor is taken: the obvious one, or the one that was named.</summary>
public sealed class OutputTests : IDisposable
{
    private const string Fields = "class Found(NamedTuple):\n  note : int\n  logits : Tensor\n  aux : Optional[Tensor]\n";

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("Tuple[int, Tensor, Tensor]", "(3, y, torch.neg(y))", null)]
    [InlineData("Tuple[Dict[str, Tensor], Tensor]", "({\"a\": x}, y)", null)]
    [InlineData("Tuple[Tensor, Tensor]", "(torch.neg(y), y)", "1")]
    [InlineData("List[Tensor]", "[y, x]", null)]
    [InlineData("List[Tensor]", "[x, y]", "1")]
    [InlineData("Dict[str, Tensor]", "{\"logits\": y}", null)]
    [InlineData("Dict[str, Tensor]", "{\"aux\": x, \"log\\\"its\": y}", "log\"its")]
    [InlineData("__torch__.digits.Found", "__torch__.digits.Found(3, y, None)", null)]
    [InlineData("__torch__.digits.Found", "__torch__.digits.Found(3, y, None)", "logits")]
    public void A_tensor_is_found_in_what_a_script_returns(string type, string returned, string? key) =>
        Assert.Equal(0.75, Measure(Returning(type, returned), key).Top1!.Value, 0.25);

    [Theory]
    [InlineData("OutputKeyNeeded", "a dictionary with 'aux', 'logits'", "Dict[str, Tensor]", "{\"aux\": x, \"logits\": y}", null)]
    [InlineData("OutputKeyNotFound", "'other', but a dictionary with 'aux', 'logits'", "Dict[str, Tensor]", "{\"aux\": x, \"logits\": y}", "other")]
    [InlineData("OutputKeyNotFound", "'2', but Tuple[Tensor, Tensor]", "Tuple[Tensor, Tensor]", "(x, y)", "2")]
    [InlineData("OutputKeyNotFound", "'0', but Tuple[int, Tensor]", "Tuple[int, Tensor]", "(3, y)", "0")]
    [InlineData("OutputKeyNotFound", "'aux', but Found (note: int, logits: Tensor, aux: Optional[Tensor])", "__torch__.digits.Found", "__torch__.digits.Found(3, y, None)", "aux")]
    [InlineData("OutputKeyNotFound", "a single tensor", "Tensor", "y", "logits")]
    [InlineData("OutputNotATensor", "Tuple[int, int]", "Tuple[int, int]", "(3, 4)", null)]
    [InlineData("OutputNotATensor", "Dict[str, List[Tensor]]", "Dict[str, List[Tensor]]", "{\"a\": [x]}", null)]
    [InlineData("NotClassScores", "Float32 [4, 1, 28, 28]", "Tuple[Tensor, Tensor]", "(x, y)", null)]
    [InlineData("NotClassScores", "Int64 [4]", "Tensor", "torch.argmax(y, 1)", null)]
    public void What_a_script_returns_is_named_where_no_tensor_is_found(string id, string message, string type, string returned, string? key)
    {
        var error = Assert.Throws<PreciseBnException>(() => Measure(Returning(type, returned), key));

        Assert.Equal(id, error.ErrorId);
        Assert.Contains(message, error.Message);
    }

    // It returns a dictionary of a tensor, a tensor of integers, and a number.
    [Theory]
    [InlineData("arguments-2.6.pt2")]
    [InlineData("arguments-2.14.pt2")]
    [InlineData("arguments-decomposed-2.14.pt2")]
    public void A_tensor_is_found_in_what_a_program_returns(string program)
    {
        using var saved = new SavedModel(Fixtures.Path($"exported/{program}"));
        using var running = saved.LoadToRun(new AccuracyOptions { OutputKey = "y" }, CPU);
        using var batch = BnDataLoader.FromFiles([Fixtures.Path("exported/arguments.batches.npz")], new() { AsBatches = true, Keys = ["image", "extra"] }).Read().First();

        using var output = running.Compute(batch, 0);

        Assert.True(output.is_floating_point());
        AssertFails("OutputKeyNeeded", () => saved.LoadToRun(new AccuracyOptions(), CPU));
        AssertFails("OutputKeyNotFound", () => saved.LoadToRun(new AccuracyOptions { OutputKey = "count" }, CPU));
    }

    [Fact]
    public void Places_in_what_a_program_returns_are_those_of_Python()
    {
        var outputs = new ExportedOutputs([("aux.0", "a"), ("aux.1", null), ("logits", "b")], IsDictionary: true);

        Assert.Equal(("a", "b"), (outputs.Choose("p", "aux.0"), outputs.Choose("p", "logits")));
        AssertFails("OutputKeyNeeded", () => outputs.Choose("p", null));
        AssertFails("OutputKeyNotFound", () => outputs.Choose("p", "aux.1"));
        Assert.Equal("a", new ExportedOutputs([("0", null), ("1", "a"), ("2", "b")], IsDictionary: false).Choose("p", null));
        AssertFails("OutputNotATensor", () => new ExportedOutputs([("", null)], IsDictionary: false).Choose("p", null));
        AssertFails("OutputKeyNotFound", () => new ExportedOutputs([("", "a")], IsDictionary: false).Choose("p", ""));
    }

    [Fact]
    public void A_model_in_memory_is_in_evaluation_meanwhile()
    {
        using var model = new Pair();
        model.train();
        model.Drop.eval();
        using var data = randn(8, 4);
        var before = model.Norm.running_mean!.clone();

        var result = BnEvaluator.Measure([BnModel.Of(model)], Labelled(data), new() { OutputKey = "1" }).Single();

        Assert.Equal((8, 3, false), (result.Samples, result.Classes, model.WasInTraining));
        Assert.Equal((true, true, false), (model.training, model.Norm.training, model.Drop.training));
        Assert.True(allclose(before, model.Norm.running_mean!, 0, 0));
        AssertFails("OutputKeyNotFound", () => BnEvaluator.Measure([BnModel.Of(model)], Labelled(data), new() { OutputKey = "2" }));
        AssertFails("NotClassScores", () => BnEvaluator.Measure([BnModel.Of(model)], Labelled(data)));
    }

    public void Dispose() => _folder.Dispose();

    private static EnumerableBatchSource Labelled(Tensor inputs) => new([new[] { inputs, zeros(inputs.shape[0]) }], [], "1");

    private static BnAccuracy Measure(string path, string? key)
    {
        using var model = BnModel.Open(path);
        var data = BnDataLoader.FromFiles([Fixtures.Path("digits.test.npz")], new() { Keys = ["images"], LabelKey = "labels", Take = 4, Mean = [0.1307], StandardDeviation = [0.3081] });
        return BnEvaluator.Measure([model], data, new() { OutputKey = key })[0];
    }

    private string Returning(string type, string returned)
    {
        var (named, path) = (_folder.File("named.pt"), _folder.File("returning.pt"));
        ArchiveEditor.RewriteCode(Fixtures.Path("digits.scripted.pt"), named,
            "    return (head).forward(x1, )\n", $"    y = (head).forward(x1, )\n    return {returned}\n");
        ArchiveEditor.RewriteCode(named, path,
            "def forward(s: __torch__.digits.Digits,\n    x: Tensor) -> Tensor:", $"def forward(s: __torch__.digits.Digits,\n    x: Tensor) -> {type}:");
        var final = _folder.File("final.pt");
        ArchiveEditor.RewriteCode(path, final, "class Digits(Module):", $"{(type.Contains("Found", StringComparison.Ordinal) ? Fields : "")}class Digits(Module):");
        return final;
    }

    private static void AssertFails(string id, Action action) => Assert.Equal(id, Assert.Throws<PreciseBnException>(action).ErrorId);

    private sealed class Pair : nn.Module<Tensor, (Tensor, Tensor)>
    {
        private readonly TorchSharp.Modules.Linear _linear = nn.Linear(4, 3);

        public Pair()
            : base(nameof(Pair))
        {
            RegisterComponents();
        }

        public TorchSharp.Modules.BatchNorm1d Norm { get; } = nn.BatchNorm1d(4);

        public TorchSharp.Modules.Dropout Drop { get; } = nn.Dropout();

        public bool WasInTraining { get; private set; }

        public override (Tensor, Tensor) forward(Tensor input)
        {
            WasInTraining = training || Norm.training;
            return (input.sum(1), _linear.call(Drop.call(Norm.call(input))));
        }
    }
}
