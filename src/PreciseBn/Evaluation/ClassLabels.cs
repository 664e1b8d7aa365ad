using System.Globalization;
using PreciseBn.Batches;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Evaluation;

/// <summary>The classes of the items of a batch.</summary>
internal static class ClassLabels
{
    /// <summary>The number of the class of each item, at least 0.</summary>
    /// <param name="batch">The batch, with labels.</param>
    /// <param name="index">Number of the batch, for messages.</param>
    /// <exception cref="PreciseBnException">There are no labels, or something else than one class for each item.</exception>
    public static int[] Of(Batch batch, long index)
    {
        if (batch.Labels is not { } labels)
            throw EvaluationErrors.LabelsNeeded(batch.Describe(index));
        var items = batch.ItemCount;
        if (!(labels.dim() == 1 || (labels.dim() == 2 && labels.size(1) == 1)) || labels.size(0) != items)
            throw EvaluationErrors.WrongLabelShape(batch.Describe(index), labels.shape, items);
        using var scope = NewDisposeScope();
        // 64-bit integers are whole, and beyond the digits of a double no number of a class.
        var numbers = labels.to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
        return numbers.Select((number, item) => ToClass(number, item, batch, index)).ToArray();
    }

    private static int ToClass(double number, int item, Batch batch, long index)
    {
        var why = number switch
        {
            < 0 => "it is negative",
            double.NaN or double.PositiveInfinity => "it is no number",
            _ when number != Math.Floor(number) => "it is not whole",
            > int.MaxValue => "it is too large",
            _ => null,
        };
        return why is null ? (int)number : throw EvaluationErrors.NotAClass(batch.Describe(index), item, number.ToString(CultureInfo.InvariantCulture), why);
    }
}
