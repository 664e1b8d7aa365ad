using PreciseBn.Primitives;

namespace PreciseBn.Recalibration;

/// <summary>What can go wrong while statistics are recomputed. Each leaves the model and its file as they were.</summary>
internal static class RecalibrationErrors
{
    private const string Unchanged = "Nothing was changed.";

    public static PreciseBnException NotEnoughData(string model, long wanted, long given) => new(
        "NotEnoughData", ErrorKind.InvalidData,
        $"{wanted} batches were asked for, and the data ended after {given}. {Unchanged}",
        $"Give more data, smaller batches, or -Iterations {given}; without -Iterations all the data are used.", model);

    public static PreciseBnException NoData(string model) => new(
        "NoData", ErrorKind.InvalidData, $"The data have no batch. {Unchanged}", "Check what -Data is given.", model);

    public static PreciseBnException LayerReused(string model, string layer, long batch) => new(
        "LayerReused", ErrorKind.NotSupported,
        $"The layer '{layer}' of '{model}' runs more than once in batch {batch}, so that its statistics would be those of several places. {Unchanged}",
        "Leave the layer out with -Name, or pool its uses with -AllowReuse.", layer);

    public static PreciseBnException NotFinite(string model, string layer, long batch, string? origin) => new(
        "NotFinite", ErrorKind.InvalidData,
        $"The layer '{layer}' of '{model}' received NaN or infinity in batch {batch}{(origin is null ? "" : $" ({origin})")}; it is the first to do so. {Unchanged}",
        "Check that batch, its normalisation, and the weights before that layer, or leave such batches out with -SkipNonFinite.", layer);

    public static PreciseBnException LayerNotFound(string model, string layer) => new(
        "LayerNotFound", ErrorKind.NotFound,
        $"'{model}' has no BatchNorm layer '{layer}' any more.", "Read the layers again with Get-BnModule.", layer);
}
