using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>A pass of -Exact, which is for some layers, ends behind the last of them.</summary>
public sealed class EarlyEndTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    // Behind its layers of images it takes batches of four only.
    public EarlyEndTests()
    {
        _model = _folder.File("model.pt");
        ArchiveEditor.RewriteCode(Fixtures.Path("digits.scripted.pt"), _model, "x0 = torch.mean(_0, [2, 3])", "x0 = torch.mean(torch.view(_0, [4, 64, 7, 7]), [2, 3])");
    }

    [Fact]
    public void What_lies_behind_is_not_run()
    {
        Observe(new() { EndsEarly = true }, [0, 1], 4, 3);
    }

    [Fact]
    public void A_pass_for_all_layers_runs_to_its_end()
    {
        Assert.Equal("ForwardFailed", Assert.Throws<PreciseBnException>(() => Observe(new() { EndsEarly = true }, [0, 1, 2, 3, 4, 5], 4, 3)).ErrorId);
    }

    [Fact]
    public void Without_a_check_behind_it_so_does_every_pass()
    {
        Assert.Equal("ForwardFailed", Assert.Throws<PreciseBnException>(() => Observe(new(), [0, 1], 4, 3)).ErrorId);
    }

    public void Dispose() => _folder.Dispose();

    private void Observe(ObservationRules rules, int[] layers, params int[] sizes)
    {
        using var gradients = no_grad();
        using var file = ModelFile.Open(_model);
        using var model = file.Load(file.Layers, rules, CPU);
        model.Configure(layers, new Dictionary<int, (double[], double[])>());
        foreach (var size in sizes)
        {
            using var batch = new Batch([randn(size, 1, 28, 28)], isOwned: true);
            model.Observe(batch);
        }
    }
}
