using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Statistics that are of two programs of a package.</summary>
public sealed class SharedProgramTests : IDisposable
{
    private const string Shared = "programs/shared-2.14.pt2";

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Statistics_that_another_program_shares_are_named()
    {
        using var encoder = BnModel.Open(Fixtures.Path(Shared), "encoder");
        using var decoder = BnModel.Open(Fixtures.Path(Shared), "decoder");
        using var apart = BnModel.Open(Fixtures.Path("programs/several-2.14.pt2"), "encoder");

        var shared = Assert.Single(encoder.SharedStatistics);
        Assert.Contains("the layer 'bn1' shares its statistics with the program 'decoder'", shared);
        Assert.Contains("bn1.running_mean, bn1.running_var, bn1.num_batches_tracked", shared);
        Assert.Contains("the program 'encoder'", Assert.Single(decoder.SharedStatistics));
        Assert.Empty(encoder.Only("bn2").SharedStatistics);
        Assert.Empty(apart.SharedStatistics);
    }

    // As sums of one program do that others have nothing of.
    [Fact]
    public void Sums_do_not_stay_valid_when_they_are_written_for_the_other()
    {
        var path = _folder.Copy(Shared, "shared.pt2");
        using var data = BnDataLoader.FromFiles([Fixtures.Path("programs/samples.npz")], new() { Keys = ["x"], BatchSize = 8, Order = DataOrder.Sequential });
        BnResult waiting;
        using (var encoder = BnModel.Open(path, "encoder"))
            waiting = Shards.Merge(encoder.Only("bn2").MeasureShard(data, new())).Estimate();

        using (var decoder = BnModel.Open(path, "decoder"))
            decoder.Update(data);

        using var after = BnModel.Open(path, "encoder");
        Assert.Equal("WrongModel", Assert.Throws<PreciseBnException>(() => after.Save(waiting)).ErrorId);
    }

    public void Dispose() => _folder.Dispose();
}
