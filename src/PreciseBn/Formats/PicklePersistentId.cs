namespace PreciseBn.Formats;

/// <summary>A reference to something outside the pickle; PyTorch uses it for storages.</summary>
internal sealed record PicklePersistentId(object? Id);
