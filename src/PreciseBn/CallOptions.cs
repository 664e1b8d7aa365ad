using PreciseBn.Models.Compiled;
using PreciseBn.Primitives;

namespace PreciseBn;

/// <summary>How a model is called, and where it runs.</summary>
public abstract record CallOptions
{
    /// <summary>
    /// Operators, such as <c>from_file</c> or <c>aten::from_file</c>, that the code of a model may call although they do more than compute.
    /// Without it a model that calls one is refused before it runs.
    /// </summary>
    public IReadOnlyList<string> AllowedOperators
    {
        get;
        init => field = LibtorchOperators.RequireBeyondNumbers(value ?? throw OptionErrors.Refused(nameof(AllowedOperators), value, "It is a list of names"));
    } = [];

    /// <summary>The method of a TorchScript model that is run.</summary>
    public string Method { get; init; } = "forward";

    /// <summary>
    /// What parameters of a TorchScript model get in every batch, by their names: numbers, texts, truth values and lists of these.
    /// </summary>
    public IReadOnlyDictionary<string, object?> Arguments { get; init; } = new Dictionary<string, object?>();

    /// <summary>
    /// Where the model runs: <c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>. By default a saved model runs on the CPU. A model in memory
    /// runs where it is, and another device is refused.
    /// </summary>
    public string? Device { get; init; }

    /// <summary>
    /// On how many threads libtorch computes meanwhile; <c>null</c> takes what is set, and no more than the processors that the process
    /// may use: libtorch by itself counts those of the machine, whatever share of them a container is given.
    /// </summary>
    public int? Threads
    {
        get;
        init => field = value is null or > 0 ? value : throw OptionErrors.Refused(nameof(Threads), value, "It is a number of threads, at least 1");
    }
}

/// <summary>What can be wrong with an option, said where it is set.</summary>
internal static class OptionErrors
{
    public static PreciseBnException Refused(string option, object? value, string rule) => new(
        "InvalidOption", ErrorKind.InvalidArgument, FormattableString.Invariant($"{option} cannot be {value ?? "null"}."), $"{rule}.", option);

    public static double RequireWeight(string option, double value) =>
        value is >= 0 and < double.PositiveInfinity ? value : throw Refused(option, value, "It is a number of values, at least 0");
}
