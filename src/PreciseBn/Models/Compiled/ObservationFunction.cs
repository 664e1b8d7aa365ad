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

    /// <summary>An error that the source raises, in words for people; <c>null</c> if it is another.</summary>
    /// <param name="error">The error.</param>
    /// <param name="path">Path of the model.</param>
    /// <param name="batch">The batch that it ran on.</param>
    public static PreciseBnException? Explain(Exception error, string path, string batch) => Raised().Match(error.Message) is { Success: true } raised
        ? ModelErrors.StatisticsExchanged(path, batch, raised.Groups["what"].Value)
        : null;

    [GeneratedRegex(@"AssertionError: precise_bn: (?<what>[^\n]*)")]
    private static partial Regex Raised();

    [GeneratedRegex(@"^ *#.*\n", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\b[A-Z][A-Z_]+\b")]
    private static partial Regex Constant();
}
