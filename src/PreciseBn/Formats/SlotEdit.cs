namespace PreciseBn.Formats;

/// <summary>New values for the elements of a slot, rounded to its number format when they are written.</summary>
internal sealed record SlotEdit(TensorSlot Slot, IReadOnlyList<double> Values);
