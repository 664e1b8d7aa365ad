using PreciseBn.Models.Live;
using PreciseBn.Native;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Why a device cannot be used is said by what was found. What was found here is made up: none of it was seen on a card.</summary>
public sealed class DeviceTests
{
    private static readonly CudaFindings Good = new()
    {
        IsBuiltForCuda = true,
        Driver = new(12, 8),
        Cards = [new("NVIDIA A", new(8, 0)), new("NVIDIA B", new(6, 1))],
        Devices = 2,
    };

    public static TheoryData<string, string, string> Reasons => new()
    {
        { "no build", "DeviceNotFound", "libtorch is here the build for CPUs" },
        { "no driver", "DeviceNotFound", "there is no NVIDIA driver" },
        { "old driver", "DriverTooOld", "knows CUDA up to 11.4, and libtorch needs 12.0" },
        { "no card", "DeviceNotFound", "shows no card" },
        { "unloadable", "CudaLibraryUnloadable", "cannot be loaded: libcudnn.so.9: cannot open shared object file." },
        { "unseen", "DeviceNotFound", "the driver shows 2 cards, but libtorch sees 0 devices" },
        { "failing", "DeviceFailed", "'cuda' (NVIDIA A) fails in a computation of two numbers: CUDA error: out of memory." },
    };

    [Theory]
    [MemberData(nameof(Reasons))]
    public void The_reason_is_said(string what, string errorId, string text)
    {
        var findings = what switch
        {
            "no build" => new CudaFindings(),
            "no driver" => Good with { Driver = null, Cards = [], Devices = 0 },
            "old driver" => Good with { Driver = new(11, 4), LoadFailure = "It is not to be named.", Devices = 0 },
            "no card" => Good with { Cards = [], Devices = 0 },
            "unloadable" => Good with { LoadFailure = "libcudnn.so.9: cannot open shared object file.", Devices = 0 },
            "unseen" => Good with { Devices = 0 },
            _ => Good with { KernelFailure = "CUDA error: out of memory." },
        };

        var reason = findings.WhyNot("cuda", 0);

        Assert.Equal(errorId, reason?.ErrorId);
        Assert.Contains(text, reason!.Message);
        Assert.Contains("'cuda'", reason.Message);
    }

    [Fact]
    public void Of_a_good_device_nothing_is_said() => Assert.Null(Good.WhyNot("cuda", 0));

    [Fact]
    public void A_number_that_is_too_high_is_told_the_devices_that_are_there()
    {
        var reason = Good.WhyNot("cuda:2", 2);

        Assert.Equal("DeviceNotFound", reason?.ErrorId);
        Assert.Contains("'cuda:2' cannot be used: this process sees cuda:0 (NVIDIA A), cuda:1 (NVIDIA B), and no other", reason!.Message);
    }

    [Fact]
    public void A_card_without_kernels_is_told_by_its_capability()
    {
        const string Failure = "CUDA error: no kernel image is available for execution on the device.";

        var old = (Good with { KernelFailure = Failure }).WhyNot("cuda:1", 1);
        var unknown = (Good with { KernelFailure = Failure }).WhyNot("cuda:0", 0);

        Assert.Equal("DeviceTooOld", old?.ErrorId);
        Assert.Contains("'cuda:1' (NVIDIA B) has the compute capability 6.1", old!.Message);
        Assert.Contains("7.5 (Turing)", old.Message);
        Assert.Equal("DeviceFailed", unknown?.ErrorId);
        Assert.Contains(Failure, unknown!.Message);
    }

    [Theory]
    [InlineData(12080, 12, 8)]
    [InlineData(11040, 11, 4)]
    [InlineData(12000, 12, 0)]
    public void The_version_of_a_driver_is_read_as_it_counts(int version, int major, int minor) =>
        Assert.Equal(new Version(major, minor), CudaDriver.ToVersion(version));

    [Fact]
    public void The_oldest_driver_is_that_of_the_CUDA_that_TorchSharp_is_built_for()
    {
        var version = (string)typeof(torch).GetField("cudaVersion", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!.GetRawConstantValue()!;

        Assert.Equal(Version.Parse(version).Major, CudaFindings.OldestDriver.Major);
    }

    [Fact]
    public void A_library_that_cannot_be_loaded_says_why()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("libtorch_cuda.so");
        File.WriteAllText(path, new string('x', 5000));

        var cut = TorchLibrary.WhyUnloadable(path);
        var missing = TorchLibrary.WhyUnloadable(folder.File("none.so"));

        Assert.Contains(path, cut);
        Assert.DoesNotContain("LD_DEBUG", cut);
        Assert.DoesNotContain("LD_DEBUG", missing);
        Assert.NotEqual(cut!.Replace(path, ""), missing!.Replace(folder.File("none.so"), ""));
    }

    // On Windows TorchSharp asks for some of the libraries for cards so.
    [Fact]
    public void A_library_is_found_by_its_name_with_the_ending_and_without()
    {
        var file = LibTorchFolder.FileNameOf("cudnn_graph64_9");

        Assert.Contains("cudnn_graph64_9.", file);
        Assert.Equal(file, LibTorchFolder.FileNameOf(file));
    }

    [Theory]
    [InlineData(DeviceType.CPU, -1, DeviceType.CPU, -1)]
    [InlineData(DeviceType.CUDA, 1, DeviceType.CUDA, 1)]
    public void A_live_model_runs_where_it_is(DeviceType type, int index, DeviceType askedType, int askedIndex)
    {
        var own = new Device(type, index);

        Assert.Same(own, LiveModel.Agree("net", own, null));
        Assert.Same(own, LiveModel.Agree("net", own, new Device(askedType, askedIndex)));
    }

    [Theory]
    [InlineData(DeviceType.CPU, -1, DeviceType.CUDA, 0)]
    [InlineData(DeviceType.CUDA, 0, DeviceType.CPU, -1)]
    [InlineData(DeviceType.CUDA, 0, DeviceType.CUDA, 1)]
    public void A_live_model_is_not_moved_to_another_device(DeviceType type, int index, DeviceType askedType, int askedIndex)
    {
        var (own, asked) = (new Device(type, index), new Device(askedType, askedIndex));

        var error = Assert.Throws<PreciseBnException>(() => LiveModel.Agree("net", own, asked));

        Assert.Equal("OnOtherDevice", error.ErrorId);
        Assert.Contains($"'net' in memory is on the device '{own}', not on '{asked}'", error.Message);
    }
}
