using System.ComponentModel;
using System.Runtime.InteropServices;
using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Native;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Errors of libtorch come as ours, wherever it is asked for something. Those of cards are worded as libtorch's source has them; none was seen.</summary>
public sealed class TorchFailureTests
{
    // More than any address has room for.
    private const long TooMany = 1L << 50;

    [Fact]
    public void Memory_that_ends_in_the_data_is_told_of()
    {
        var error = Assert.Throws<PreciseBnException>(() => Runs.Measure(
            Runs.Read(Fixtures.Path("bn1d.scripted.pt")).Layers, BatchSource.Of(Enumerable.Range(0, 1).Select(_ => zeros(TooMany)))));

        Assert.Equal("OutOfMemory", error.ErrorId);
        Assert.Contains("smaller batches", error.Message);
        Assert.Contains("bn1d.scripted.pt", error.Message);
    }

    [Fact]
    public void Memory_that_ends_in_the_model_is_no_matter_of_shape()
    {
        using var model = new Greedy();
        using var data = randn(4, 3);

        var error = Assert.Throws<PreciseBnException>(() => BnModel.Of(model).Measure(BatchSource.Of([data])));

        Assert.Equal("OutOfMemory", error.ErrorId);
        Assert.Contains("batch 0", error.Message);
        Assert.DoesNotContain("shape", error.Message);
    }

    [Fact]
    public void What_cannot_be_read_is_told_with_the_model()
    {
        using var layer = nn.BatchNorm1d(3, device: META);

        var error = Assert.Throws<PreciseBnException>(() => BnModel.Of(layer));

        Assert.Equal("TorchFailed", error.ErrorId);
        Assert.Contains("BatchNorm1d", error.Message);
    }

    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 7.79 GiB of which 3.12 MiB is free.", "OutOfMemory")]
    [InlineData("CUDA error: out of memory\nSearch for `cudaErrorMemoryAllocation' for more information.", "OutOfMemory")]
    [InlineData("[enforce fail at alloc_cpu.cpp:121] data. DefaultCPUAllocator: not enough memory: you tried to allocate 4000000 bytes.", "OutOfMemory")]
    [InlineData("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", "OutOfMemory")]
    [InlineData("CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported at some other API call.", "DeviceFailed")]
    [InlineData("CUDA error: an illegal memory access was encountered", "DeviceFailed")]
    [InlineData("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED", "DeviceFailed")]
    [InlineData("The following operation failed in the TorchScript interpreter.\nTraceback of TorchScript (most recent call last):\nRuntimeError: CUDA error: unspecified launch failure", "DeviceFailed")]
    [InlineData("The following operation failed in the TorchScript interpreter.\n    raise MemoryError(\"out of memory\")\nRuntimeError: shapes do not fit", "ForwardFailed")]
    [InlineData("mat1 and mat2 shapes cannot be multiplied (4x3 and 4x2)", "ForwardFailed")]
    public void Errors_of_memory_and_devices_are_none_of_the_batch(string message, string errorId)
    {
        var error = ModelErrors.ForwardFailed("net", "batch 7 (Float32 [4, 3])", new ExternalException(message));

        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains("batch 7", error.Message);
        Assert.Equal(errorId == "ForwardFailed", error.Message.Contains("shape, type"));
        Assert.Equal(errorId == "DeviceFailed", error.Message.Contains("or in what it had been given before"));
    }

    [Fact]
    public void A_model_that_there_is_no_memory_for_is_not_to_be_exported_anew()
    {
        var error = ModelErrors.CannotLoad("net.pt", new ExternalException("CUDA out of memory. Tried to allocate 2.00 GiB."));

        Assert.Equal("OutOfMemory", error.ErrorId);
        Assert.Contains("load the model 'net.pt'", error.Message);
    }

    [Fact]
    public void Errors_of_the_system_stay_what_they_are() =>
        Assert.Throws<Win32Exception>(() => TorchFailures.Guard<int>(() => "net", () => throw new Win32Exception(5)));

    private sealed class Greedy : nn.Module<Tensor, Tensor>
    {
        private readonly BatchNorm1d _layer = nn.BatchNorm1d(3);

        public Greedy()
            : base(nameof(Greedy)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            _layer.call(input).Dispose();
            return zeros(TooMany);
        }
    }
}
