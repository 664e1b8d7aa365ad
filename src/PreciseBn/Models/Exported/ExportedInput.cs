using System.Text.Json;
using PreciseBn.Batches;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Exported;

/// <summary>What a user gives an exported program.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">Number format of the tensor; <c>null</c> if it is no tensor, or one of another kind.</param>
/// <param name="Shape">Which sizes its dimensions may have; <c>null</c> if it is no tensor.</param>
internal sealed record ExportedInput(string Name, DType? DType, IReadOnlyList<SizeRange>? Shape)
{
    /// <param name="argument">The argument of the program.</param>
    /// <param name="tensors">What the program says of tensors, by name.</param>
    /// <param name="ranges">What it says of symbols that stand for sizes, by name.</param>
    public static ExportedInput Read(ExportedArgument argument, JsonElement tensors, JsonElement ranges)
    {
        if (argument.TensorName is not { } name)
            return new ExportedInput(argument.Names().FirstOrDefault() ?? argument.Kind, null, null);
        var meta = tensors.GetProperty(name);
        return new ExportedInput(
            name,
            SchemaTypes.ToDType(meta.GetProperty("dtype").GetInt32()),
            meta.GetProperty("sizes").EnumerateArray().Select(size => ExportedSize.Read(ExportedArgument.Read(size), ranges)).ToArray());
    }

    public bool Accepts(Tensor value) =>
        value.dim() == Shape!.Count && value.shape.Zip(Shape).All(size => size.Second.Contains(size.First));
}
