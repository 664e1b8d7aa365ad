namespace PreciseBn.Recalibration;

/// <summary>New statistics for a layer.</summary>
/// <param name="Name">Path of the layer in the model.</param>
/// <param name="Mean">New running mean, shape [C].</param>
/// <param name="Variance">New running variance, shape [C].</param>
/// <param name="AddedBatches">How many batches they are made of.</param>
internal sealed record LayerUpdate(string Name, double[] Mean, double[] Variance, long AddedBatches);
