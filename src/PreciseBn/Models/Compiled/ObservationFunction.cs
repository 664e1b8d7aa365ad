using System.Globalization;
using System.Text.RegularExpressions;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Compiled;

/// <summary>The source of the functions that take the place of torch.batch_norm in a model that is observed.</summary>
internal static partial class ObservationFunction
{
    /// <summary>Its name, where the source is compiled with the model's.</summary>
    public const string Name = "batch_norm";

    /// <summary>Name of the function that normalises by given statistics, likewise.</summary>
    public const string Settled = "settled";

    /// <summary>What the error says that ends a run behind the last layer that is asked for.</summary>
    public const string Ended = "precise_bn has seen what it was to see";

    /// <summary>What stands before it in an archive that has the source in <see cref="ArchiveFile"/>.</summary>
    public const string Namespace = "__torch__.precise_bn.";

    /// <summary>Where an archive has the source.</summary>
    public const string ArchiveFile = "code/__torch__/precise_bn.py";

    /// <summary>The source for an archive.</summary>
    /// <param name="layout">Where the model's statistics will be.</param>
    public static string ForArchive(StatisticsLayout layout)
    {
        var constants = new Dictionary<string, long>(layout.Constants);
        var code = Comment().Replace(EmbeddedText.Read("precise_bn.py") + "\n" + EmbeddedText.Read("spellings.py"), "");
        return Constant().Replace(code, name => constants[name.Value].ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The source for a text that is compiled as a whole.</summary>
    /// <inheritdoc cref="ForArchive"/>
    public static string ForText(StatisticsLayout layout) => ForArchive(layout).Replace(Namespace, "", StringComparison.Ordinal);

    [GeneratedRegex(@"^ *#.*\n", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\b[A-Z][A-Z_]+\b")]
    private static partial Regex Constant();
}
