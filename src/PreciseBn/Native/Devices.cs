using System.Runtime.InteropServices;
using System.Text;
using PreciseBn.Primitives;
using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Native;

/// <summary>Finds the device that a user names.</summary>
public static class Devices
{
    /// <summary>Parses <c>cpu</c>, <c>cuda</c> or <c>cuda:1</c> and makes sure that the device is there and computes.</summary>
    /// <exception cref="PreciseBnException">The name means nothing, or there is no such device, or it cannot be used; the message says why.</exception>
    public static Device Find(string name)
    {
        TorchLibrary.Require();
        if (!TryParse(name, out var device))
            throw Unknown(name);
        // On a CPU nothing is asked of CUDA. TorchSharp loads the libraries of a build for it all the same, when it starts.
        return device.type == DeviceType.CUDA && Look(device).WhyNot(name, device.index) is { } reason ? throw reason : device;
    }

    /// <summary>The names of the devices of this machine; libtorch is not loaded for it.</summary>
    public static IEnumerable<string> List() =>
        Enumerable.Range(0, TorchLibrary.HasCuda ? CudaDriver.Look().Cards.Count : 0).Select(index => $"cuda:{index}").Prepend("cpu");

    private static CudaFindings Look(Device device)
    {
        if (!TorchLibrary.HasCuda)
            return new();
        var (version, cards) = CudaDriver.Look();
        var findings = new CudaFindings { IsBuiltForCuda = true, Driver = version, Cards = cards };
        if (version is null || version < CudaFindings.OldestDriver || cards.Count <= device.index)
            return findings;
        if (TorchLibrary.WhyUnloadable(TorchLibrary.PathOf("torch_cuda")) is { } reason)
            return findings with { LoadFailure = reason };
        findings = findings with { Devices = cuda.is_available() ? cuda.device_count() : 0 };
        return device.index < findings.Devices ? findings with { KernelFailure = WhyFailing(device) } : findings;
    }

    private static string? WhyFailing(Device device)
    {
        try
        {
            using var scope = NewDisposeScope();
            var numbers = ones(2, device: device);
            return numbers.add(numbers).cpu().data<float>().All(number => number == 2) ? null : "the result is wrong.";
        }
        catch (ExternalException e)
        {
            return TorchMessage.Of(e);
        }
    }

    private static bool TryParse(string name, out Device device)
    {
        device = CPU;
        if (name.Equals("cpu", StringComparison.OrdinalIgnoreCase))
            return true;
        var parts = name.Split(':');
        var index = 0;
        if (!parts[0].Equals("cuda", StringComparison.OrdinalIgnoreCase) || parts.Length > 2
            || (parts.Length == 2 && !(int.TryParse(parts[1], out index) && index >= 0)))
            return false;
        device = new Device(DeviceType.CUDA, index);
        return true;
    }

    private static PreciseBnException Unknown(string name) => new(
        "UnknownDevice", ErrorKind.InvalidArgument,
        $"'{name}' is not the name of a device.", "Use cpu, cuda, or cuda: with a number, such as cuda:1.", name);
}

/// <summary>A card that the driver knows.</summary>
/// <param name="Name">Its name, such as <c>NVIDIA A100-SXM4-40GB</c>.</param>
/// <param name="Capability">Its compute capability.</param>
internal sealed record CudaCard(string Name, Version Capability);

/// <summary>What was found on this machine of all that a CUDA device needs.</summary>
internal sealed record CudaFindings
{
    /// <summary>The oldest driver that runs a libtorch for CUDA 12, as the version of CUDA that the driver knows.</summary>
    public static readonly Version OldestDriver = new(12, 0);

    /// <summary>The oldest cards that libtorch has kernels for: Turing.</summary>
    public static readonly Version OldestCard = new(7, 5);

    /// <summary>Whether libtorch is the build for CUDA.</summary>
    public bool IsBuiltForCuda { get; init; }

    /// <summary>The version of CUDA that the driver knows; <c>null</c> without a driver.</summary>
    public Version? Driver { get; init; }

    /// <summary>The cards that the driver lets this process see, in the order of their numbers.</summary>
    public IReadOnlyList<CudaCard> Cards { get; init; } = [];

    /// <summary>Why libtorch's library for CUDA could not be loaded; <c>null</c> if it was, or was not tried.</summary>
    public string? LoadFailure { get; init; }

    /// <summary>How many devices libtorch sees.</summary>
    public int Devices { get; init; }

    /// <summary>Why a tiny computation failed on the device; <c>null</c> if it did not, or was not tried.</summary>
    public string? KernelFailure { get; init; }

    /// <summary>Says why a device cannot be used, the cause before its consequences.</summary>
    /// <param name="name">The device as it was named.</param>
    /// <param name="index">Its number.</param>
    /// <returns>The reason, or <c>null</c> if nothing is wrong.</returns>
    public PreciseBnException? WhyNot(string name, int index)
    {
        if (!IsBuiltForCuda)
            return NotFound(name, "libtorch is here the build for CPUs", "Run on the CPU, or install libtorch for CUDA and the driver of the card.");
        if (Driver is null)
            return NotFound(name, "there is no NVIDIA driver on this machine", "Install the driver of the card, or run on the CPU.");
        if (Driver < OldestDriver)
            return TooOld(name, Driver);
        if (Cards.Count == 0)
            return NotFound(name, "the NVIDIA driver shows no card to this process", "Check the card with nvidia-smi, and what CUDA_VISIBLE_DEVICES is set to; or run on the CPU.");
        if (index >= Cards.Count)
            return NotFound(name, $"this process sees {string.Join(", ", Cards.Select((card, number) => $"cuda:{number} ({card.Name})"))}, and no other", "Name one of these.");
        if (LoadFailure is not null)
            return Unloadable(name, LoadFailure);
        if (index >= Devices)
            return NotFound(name, $"the driver shows {Cards.Count} cards, but libtorch sees {Devices} devices", "Check the card with nvidia-smi, and restart the machine after an update of the driver; or run on the CPU.");
        if (KernelFailure is null)
            return null;
        return Cards[index].Capability < OldestCard ? NoKernels(name, Cards[index]) : Failing(name, Cards[index], KernelFailure);
    }

    private static PreciseBnException NotFound(string name, string why, string advice) => new(
        "DeviceNotFound", ErrorKind.NotFound, $"The device '{name}' cannot be used: {why}.", advice, name);

    private static PreciseBnException TooOld(string name, Version driver) => new(
        "DriverTooOld", ErrorKind.NotInstalled,
        $"The device '{name}' cannot be used: the NVIDIA driver knows CUDA up to {driver}, and libtorch needs {OldestDriver} (driver 525 in Linux, 528 in Windows).",
        "Update the driver, or run on the CPU.", name);

    private static PreciseBnException Unloadable(string name, string why) => new(
        "CudaLibraryUnloadable", ErrorKind.NotInstalled,
        $"The device '{name}' cannot be used: libtorch's library for CUDA cannot be loaded: {why}",
        "Install libtorch for CUDA anew, as a file may be missing or cut short; or run on the CPU.", name);

    private static PreciseBnException NoKernels(string name, CudaCard card) => new(
        "DeviceTooOld", ErrorKind.NotSupported,
        $"The device '{name}' ({card.Name}) has the compute capability {card.Capability}, for which this libtorch has no code; it needs {OldestCard} (Turing) or later.",
        "Run on the CPU, or on a later card.", name);

    private static PreciseBnException Failing(string name, CudaCard card, string why) => new(
        "DeviceFailed", ErrorKind.NotAvailable,
        $"The device '{name}' ({card.Name}) fails in a computation of two numbers: {why}",
        "Check with nvidia-smi whether the card is in use or has failed, and start a new session; or run on the CPU.", name);
}

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
