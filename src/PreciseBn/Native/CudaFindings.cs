using PreciseBn.Primitives;

namespace PreciseBn.Native;

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
