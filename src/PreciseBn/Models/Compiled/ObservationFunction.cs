using PreciseBn.Primitives;

namespace PreciseBn.Models.Compiled;

/// <summary>The source of the function that takes the place of torch.batch_norm in a model that is observed.</summary>
internal static class ObservationFunction
{
    /// <summary>Its qualified name, in an archive that has the source in <see cref="ArchiveFile"/>.</summary>
    public const string QualifiedName = Namespace + Name;

    /// <summary>Its name, where the source is compiled with the model's.</summary>
    public const string Name = "batch_norm";

    /// <summary>Where an archive has the source.</summary>
    public const string ArchiveFile = "code/__torch__/precise_bn.py";

    private const string Namespace = "__torch__.precise_bn.";

    /// <summary>The source for an archive.</summary>
    public static string ForArchive() => EmbeddedText.Read("precise_bn.py");

    /// <summary>The source for a text that is compiled as a whole.</summary>
    public static string ForText() => ForArchive().Replace(Namespace, "", StringComparison.Ordinal);
}
