using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>
/// Networks and batches drawn by chance, in all ways to measure them: statistics are those of plain float64 arithmetic, or the batch that
/// forbids it is refused by name.
/// </summary>
public sealed class RandomNetworkTests
{
    private const int Networks = 600;
    private const int TrialsOfSaved = 16;

    public static TheoryData<string> Saved => new(NetworkPlan.ReadSaved().Keys);

    [Fact]
    public void Statistics_are_those_of_plain_arithmetic_or_refused_by_name()
    {
        var outcomes = new Dictionary<string, int>();
        for (var seed = 0; seed < Networks; seed++)
        {
            var random = new Random(seed);
            var plan = NetworkPlan.Draw(random);
            using var network = new RandomNetwork(plan);
            using var model = BnModel.Of(network);
            var outcome = new NetworkTrial($"Network {seed}", plan).Run(model, random);
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        // Each of these has to come up, or the draws try nothing.
        Assert.All(
            new[] { "same", "LayerReused", "NotFinite", "SingleValue" },
            outcome => Assert.True(outcomes.GetValueOrDefault(outcome) > 5, $"{outcome} came up {outcomes.GetValueOrDefault(outcome)} times."));
        Assert.True(outcomes["same"] > Networks / 3);
    }

    [Theory]
    [MemberData(nameof(Saved))]
    public void Those_of_saved_models_are_too(string file)
    {
        // The exported ones are for batches of two items and more.
        var trial = new NetworkTrial(file, NetworkPlan.ReadSaved()[file], fewest: file.EndsWith(".pt2", StringComparison.Ordinal) ? 2 : 0);
        using var model = BnModel.Open(Fixtures.Path($"networks/{file}"));

        var outcomes = Enumerable.Range(0, TrialsOfSaved).Select(seed => trial.Run(model, new Random(seed))).ToArray();

        Assert.Contains("same", outcomes);
    }
}
