namespace PreciseBn.Data;

/// <summary>What a user's <see cref="BatchTransform"/> has failed with, in its own words.</summary>
/// <param name="message">Its own words.</param>
/// <param name="inner">What it has thrown.</param>
public sealed class TransformException(string message, Exception? inner = null) : Exception(message, inner);
