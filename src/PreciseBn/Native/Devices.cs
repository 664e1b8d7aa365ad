using System.Runtime.InteropServices;
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
