using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>A BatchNorm layer of a TorchSharp model in memory.</summary>
/// <param name="Root">The model.</param>
/// <param name="Layer">The layer.</param>
internal sealed record LiveLayer(nn.Module Root, BatchNorm Layer);
