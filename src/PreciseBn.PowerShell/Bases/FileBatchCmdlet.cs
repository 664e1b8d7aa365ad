using System.Management.Automation;
using PreciseBn.Data;
using PreciseBn.Data.Tables;
using PreciseBn.PowerShell.Completion;

namespace PreciseBn.PowerShell;

/// <summary>A cmdlet that makes batches of files: which files, and the parameters for arrays, tables and images in them.</summary>
public abstract class FileBatchCmdlet : BatchCmdlet
{
    /// <summary>Names of the arrays to use, one for each input of the model, in that order.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ArrayKeyCompleter))]
    public string[] Key { get; set; } = [];

    /// <summary>Columns of a table to use, in that order; wildcards are allowed. Without it all that have numbers are used.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ColumnCompleter))]
    public string[] Column { get; set; } = [];

    /// <summary>Columns of a table that are not used, such as labels; wildcards are allowed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ColumnCompleter))]
    public string[] ExcludeColumn { get; set; } = [];

    /// <summary>What is between the cells of a CSV table. Without it this is found out.</summary>
    [Parameter]
    [ValidateNotNull]
    public char? Delimiter { get; set; }

    /// <summary>Length in pixels to which the short side of an image is resized.</summary>
    [Parameter]
    [ValidateRange(1, 65536)]
    public int? Size { get; set; }

    /// <summary>Side in pixels of the square that is cut from the centre of an image.</summary>
    [Parameter]
    [ValidateRange(1, 65536)]
    public int? CropSize { get; set; }

    /// <summary>Makes images of one channel, for greyscale models.</summary>
    [Parameter]
    public SwitchParameter Grayscale { get; set; }

    /// <summary>Turns images as their EXIF orientation says.</summary>
    [Parameter]
    public SwitchParameter AutoOrient { get; set; }

    /// <summary>Leaves out image files that cannot be read, and counts them.</summary>
    [Parameter]
    public SwitchParameter SkipUnreadable { get; set; }

    /// <summary>What they say, beside those for all batches.</summary>
    private protected BnDataLoaderOptions FileOptions() => BatchOptions() with
    {
        Keys = Key,
        Columns = Array.ConvertAll(Column, ToPattern),
        ExcludeColumns = Array.ConvertAll(ExcludeColumn, ToPattern),
        Delimiter = Delimiter,
        Size = Size,
        CropSize = CropSize,
        Grayscale = Grayscale,
        AutoOrient = AutoOrient,
        SkipUnreadable = SkipUnreadable,
    };

    private static ColumnPattern ToPattern(string text) => new(text, new NamePattern(text).IsMatch);
}
