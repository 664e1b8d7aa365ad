using System.Globalization;
using System.Management.Automation;
using System.Text;
using PreciseBn.Comparison;

namespace PreciseBn.PowerShell;

/// <summary>The change of a mean in table views: a number and a small bar, coloured by how bad the change is.</summary>
public static class ShiftBar
{
    private const int Cells = 6;
    private const double ShiftOfFullBar = 1;
    private const double LargestInDecimals = 1000;
    private const string Warning = "\e[33m";
    private const string Error = "\e[31m";
    private const string Reset = "\e[0m";

    // Eighths of a cell.
    private const string Blocks = " ▏▎▍▌▋▊▉█";

    /// <summary>What the table view of a layer shows.</summary>
    /// <param name="layer">A BnStat, BnComparison or BnVerdict, or what is left of one that came back from a job or a file.</param>
    /// <param name="style">PowerShell's $PSStyle, which says whether colours are wanted.</param>
    /// <param name="hostHasColour">Whether the host understands them.</param>
    public static string Format(PSObject layer, PSObject? style, bool hostHasColour)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var isPlain = !hostHasColour || $"{style?.Properties["OutputRendering"]?.Value}" is "" or "PlainText"
            || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        if (layer.Properties["MeanShift"]?.Value is not double shift)
            return "";
        var severity = layer.Properties["Passed"]?.Value switch
        {
            true => FindingSeverity.Information,
            false => FindingSeverity.Error,
            _ => DriftSeverity.OfMeanShift(shift),
        };
        return Format(shift, severity, CanBlocks(Console.OutputEncoding), !isPlain);
    }

    /// <summary>A number of 8 characters, as the current culture writes it, a space, and a bar of up to 6; full at one deviation.</summary>
    /// <param name="shift">The change, in deviations.</param>
    /// <param name="severity">How bad it is.</param>
    /// <param name="hasBlocks">Whether there are block characters; else the bar is of number signs.</param>
    /// <param name="hasColour">Whether it is coloured.</param>
    public static string Format(double shift, FindingSeverity severity, bool hasBlocks, bool hasColour)
    {
        var number = shift.ToString(Math.Abs(shift) < LargestInDecimals || !double.IsFinite(shift) ? "0.0000" : "0.00e+0", CultureInfo.CurrentCulture).PadLeft(8);
        var filled = Cells * (double.IsNaN(shift) ? 1 : Math.Clamp(shift / ShiftOfFullBar, 0, 1));
        var bar = hasBlocks ? DrawBlocks(filled) : new string('#', (int)Math.Round(filled));
        var colour = severity switch
        {
            FindingSeverity.Warning => Warning,
            FindingSeverity.Error => Error,
            _ => "",
        };
        return hasColour && colour.Length > 0 ? $"{colour}{number} {bar}{Reset}" : $"{number} {bar}".TrimEnd();
    }

    /// <summary>Whether an encoding has block characters.</summary>
    public static bool CanBlocks(Encoding encoding)
    {
        ArgumentNullException.ThrowIfNull(encoding);
        return encoding.GetString(encoding.GetBytes(Blocks)) == Blocks;
    }

    private static string DrawBlocks(double filled)
    {
        var eighths = (int)Math.Round(filled * (Blocks.Length - 1));
        var (whole, part) = Math.DivRem(eighths, Blocks.Length - 1);
        return new string(Blocks[^1], whole) + (part > 0 ? Blocks[part].ToString() : "");
    }
}
