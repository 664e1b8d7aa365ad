using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Dependencies in the core point one way: from the doors down to number formats.</summary>
public sealed class ArrowTests
{
    // From top to bottom. What lies in the namespace of the core itself is a door, or a word that everybody may use.
    private static readonly string[] Storeys =
        ["Sharding", "Transfer", "Recalibration", "Evaluation", "Comparison", "Averaging", "Models", "Statistics", "Batches", "Formats", "Files", "Native", "Primitives"];

    private static readonly Type[] Doors =
        [typeof(BnModel), typeof(BnMerger), typeof(BnAverager), typeof(BnStatFile), typeof(BnPartialFile), typeof(BnComparer), typeof(BnGate), typeof(BnExaminer), typeof(BnEvaluator)];

    [Fact]
    public void No_arrow_between_namespaces_points_up()
    {
        var arrows = typeof(BnModel).Assembly.GetTypes().Where(type => Storey(type) >= 0)
            .SelectMany(type => TypeReferences.Of(type).Where(other => other.Assembly == type.Assembly).Select(other => (From: type, To: other)))
            .ToArray();

        Assert.NotEmpty(arrows);
        Assert.Equal("", List(arrows.Where(arrow => Storey(arrow.To) >= 0 && Storey(arrow.To) < Storey(arrow.From))));
        Assert.Equal("", List(arrows.Where(arrow => Doors.Contains(Outermost(arrow.To)))));
    }

    [Fact]
    public void Every_namespace_of_the_core_has_a_storey() => Assert.Empty(typeof(BnModel).Assembly.GetTypes()
        .Select(type => type.Namespace ?? "").Where(name => name.StartsWith("PreciseBn.", StringComparison.Ordinal))
        .Select(name => name.Split('.')[1]).Distinct().Except(Storeys));

    private static int Storey(Type type)
    {
        var parts = (Outermost(type).Namespace ?? "").Split('.');
        return parts.Length > 1 ? Array.IndexOf(Storeys, parts[1]) : -1;
    }

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static string List(IEnumerable<(Type From, Type To)> arrows) => string.Join("; ", arrows
        .Select(arrow => $"{Outermost(arrow.From).FullName} -> {Outermost(arrow.To).FullName}").Distinct().Order(StringComparer.Ordinal));
}
