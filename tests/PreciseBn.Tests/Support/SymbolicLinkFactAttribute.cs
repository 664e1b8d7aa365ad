namespace PreciseBn.Tests.Support;

/// <summary>A test of symbolic links, which is skipped with a message where they cannot be made.</summary>
internal sealed class SymbolicLinkFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> CanBeMade = new(() =>
    {
        using var folder = new TemporaryFolder();
        var target = folder.File("target");
        File.WriteAllText(target, "");
        try
        {
            return File.Exists(File.CreateSymbolicLink(folder.File("link"), target).FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    public SymbolicLinkFactAttribute()
    {
        if (!CanBeMade.Value)
            Skip = "Symbolic links cannot be made here: Windows asks for rights or its developer mode, and Wine has none.";
    }
}
