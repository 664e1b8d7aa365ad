namespace PreciseBn.Formats;

/// <summary>A pickle that cannot be read; the message completes the sentence "the pickle is damaged: …".</summary>
internal sealed class PickleException(string message) : Exception(message);
