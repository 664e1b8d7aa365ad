using System.Runtime.InteropServices;
using System.Text;

namespace PreciseBn.Native;

/// <summary>
/// Asks NVIDIA's driver what it knows and which cards there are, without libtorch, which does not say why it sees none
/// (CUDA Driver API: cuDriverGetVersion, cuInit, cuDeviceGet and their like).
/// </summary>
internal static unsafe class CudaDriver
{
    private const int Success = 0;
    private const int CapabilityMajor = 75;
    private const int CapabilityMinor = 76;
    private const int LongestName = 256;

    private static string FileName => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <returns>The version of CUDA that the driver knows, <c>null</c> without a driver, and the cards.</returns>
    public static (Version? Version, IReadOnlyList<CudaCard> Cards) Look()
    {
        // It is not given back: a driver that has been initialised is not to be unloaded.
        if (!NativeLibrary.TryLoad(FileName, out var library) || Find(library, "cuDriverGetVersion") is not (not 0 and var getVersion))
            return (null, []);
        int version;
        return ((delegate* unmanaged<int*, int>)getVersion)(&version) == Success ? (ToVersion(version), Cards(library)) : (null, []);
    }

    internal static Version ToVersion(int version) => new(version / 1000, version % 1000 / 10);

    private static CudaCard[] Cards(nint library)
    {
        var (initialise, getCount) = (Find(library, "cuInit"), Find(library, "cuDeviceGetCount"));
        int count;
        if (initialise == 0 || getCount == 0 || ((delegate* unmanaged<uint, int>)initialise)(0) != Success
            || ((delegate* unmanaged<int*, int>)getCount)(&count) != Success)
            return [];
        return Enumerable.Range(0, count).Select(index => Card(library, index)).ToArray();
    }

    private static CudaCard Card(nint library, int index)
    {
        var (get, getName, getAttribute) = (Find(library, "cuDeviceGet"), Find(library, "cuDeviceGetName"), Find(library, "cuDeviceGetAttribute"));
        int device, major, minor;
        var name = stackalloc byte[LongestName];
        return get != 0 && getName != 0 && getAttribute != 0
            && ((delegate* unmanaged<int*, int, int>)get)(&device, index) == Success
            && ((delegate* unmanaged<byte*, int, int, int>)getName)(name, LongestName, device) == Success
            && ((delegate* unmanaged<int*, int, int, int>)getAttribute)(&major, CapabilityMajor, device) == Success
            && ((delegate* unmanaged<int*, int, int, int>)getAttribute)(&minor, CapabilityMinor, device) == Success
                ? new CudaCard(Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)), new(major, minor))
                : new CudaCard("of unknown kind", CudaFindings.OldestCard);
    }

    private static nint Find(nint library, string function) => NativeLibrary.TryGetExport(library, function, out var address) ? address : 0;
}
