namespace PreciseBn.Data;

/// <summary>In which order items go into batches.</summary>
public enum DataOrder
{
    /// <summary>In a random order, the same one each time and everywhere, so that a part of the data stands for all.</summary>
    Shuffled,

    /// <summary>As they lie in the files.</summary>
    Sequential,
}
