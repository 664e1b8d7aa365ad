namespace PreciseBn.Data;

/// <summary>In which order the dimensions of stored images are; models take the first.</summary>
public enum ImageLayout
{
    /// <summary>Images, channels, rows, columns.</summary>
    NCHW,

    /// <summary>Images, rows, columns, channels.</summary>
    NHWC,
}
