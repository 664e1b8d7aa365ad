namespace PreciseBn.Files;

/// <summary>
/// Names that Windows takes for something else than a file in a folder: devices, which have their names in every folder and with
/// every ending, and streams beside the contents of a file.
/// </summary>
internal static class ReservedName
{
    private const string DeviceNamespace = @"\\.\";
    private const string Superscripts = "¹²³";

    private static readonly HashSet<string> Devices = new(
        [
            "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
            .. from port in new[] { "COM", "LPT" } from number in "0123456789" + Superscripts select $"{port}{number}",
        ], StringComparer.OrdinalIgnoreCase);

    /// <param name="path">A full path of Windows.</param>
    public static bool Is(string path)
    {
        var name = path[(path.LastIndexOfAny(['\\', '/']) + 1)..];
        return path.StartsWith(DeviceNamespace, StringComparison.Ordinal) || name.Contains(':') || Devices.Contains(name.Split('.')[0].TrimEnd(' '));
    }
}
