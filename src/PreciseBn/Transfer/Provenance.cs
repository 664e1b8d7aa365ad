using System.Globalization;
using System.Reflection;

namespace PreciseBn.Transfer;

/// <summary>What every file that is written here says of its making.</summary>
internal static class Provenance
{
    public static IEnumerable<(string Key, string Value)> Describe()
    {
        yield return ("format", "pt");
        yield return ("precise_bn.created", DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        yield return ("precise_bn.version", Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]);
        yield return ("libtorch.version", TorchSharp.torch.__version__);
    }
}
