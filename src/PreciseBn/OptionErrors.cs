using PreciseBn.Primitives;

namespace PreciseBn;

/// <summary>What can be wrong with an option, said where it is set.</summary>
internal static class OptionErrors
{
    public static PreciseBnException Refused(string option, object? value, string rule) => new(
        "InvalidOption", ErrorKind.InvalidArgument, FormattableString.Invariant($"{option} cannot be {value ?? "null"}."), $"{rule}.", option);

    public static double RequireWeight(string option, double value) =>
        value is >= 0 and < double.PositiveInfinity ? value : throw Refused(option, value, "It is a number of values, at least 0");
}
