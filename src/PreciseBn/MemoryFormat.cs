namespace PreciseBn;

/// <summary>In which order the values of images lie in memory while a model runs.</summary>
public enum MemoryFormat
{
    /// <summary>Channel after channel, as PyTorch has it by default. On CPUs libtorch sums BatchNorm's statistics in float64.</summary>
    Contiguous,

    /// <summary>
    /// All channels of a pixel side by side (PyTorch's <c>channels_last</c>), inputs and weights of convolutions alike. Most
    /// convolutional models run faster so on CPUs; but there libtorch sums a batch in float32, one value after the other,
    /// and the error of a variance grows with their number.
    /// </summary>
    ChannelsLast,
}
