using PreciseBn.Primitives;
using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Native;

/// <summary>Finds the device that a user names.</summary>
public static class Devices
{
    /// <summary>Parses <c>cpu</c>, <c>cuda</c> or <c>cuda:1</c> and makes sure that the device is there.</summary>
    /// <exception cref="PreciseBnException">The name means nothing, or there is no such device.</exception>
    public static Device Find(string name)
    {
        TorchLibrary.Require();
        if (!TryParse(name, out var device))
            throw Unknown(name);
        if (device.type == DeviceType.CUDA && device.index >= CudaDeviceCount)
            throw Absent(name);
        return device;
    }

    /// <summary>The names of the devices of this machine; without a build for CUDA this loads no libtorch.</summary>
    public static IEnumerable<string> List() =>
        Enumerable.Range(0, CudaDeviceCount).Select(index => $"cuda:{index}").Prepend("cpu");

    private static int CudaDeviceCount => TorchLibrary.HasCuda && cuda.is_available() ? cuda.device_count() : 0;

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

    private static PreciseBnException Absent(string name) => new(
        "DeviceNotFound", ErrorKind.NotFound,
        $"There is no device '{name}' that this build of libtorch can use; CUDA devices it sees: {CudaDeviceCount}.",
        "Use the device cpu, or install the CUDA flavour of libtorch and the driver.", name);
}
