using System.Runtime.InteropServices;
using System.Text;
using PreciseBn.Data;
using PreciseBn.Native;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>What C++ throws arrives as what it says, and nothing that was made for it stays.</summary>
[Collection(AloneCollection.Name)]
public sealed unsafe class NativeExceptionTests
{
    [Fact]
    public void A_model_that_does_not_compile_is_told_in_the_words_of_the_compiler_and_leaves_no_copy()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("wrong.pt");
        ArchiveEditor.RewriteCode(Fixtures.Path("dict-out.scripted.pt"), path, "torch.mean(y)", "torch.mean(y, 1, 2, 3, 4, 5, 6)");

        var error = Assert.Throws<PreciseBnException>(() => Runs.Update(path, new EnumerableBatchSource([randn(2, 3, 8, 8)], [])));

        Assert.Equal("ModelNotLoaded", error.ErrorId);
        Assert.Contains("Arguments for call are not valid", error.Message);
        Assert.Contains("aten::mean", error.InnerException!.Message);
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), $"precise-bn-{Environment.ProcessId}-*"));
    }

    [Fact]
    public void What_fails_in_code_that_runs_at_the_same_time_as_other_is_an_error_like_any()
    {
        var layers = Runs.Read(Fixtures.Path("places/forked.script.pt")).Layers;

        var error = Assert.Throws<PreciseBnException>(() => Runs.Measure(layers, new EnumerableBatchSource([randn(2, 4)], []), new()));

        Assert.Equal("ForwardFailed", error.ErrorId);
        var reuse = Assert.Throws<PreciseBnException>(() => Runs.Measure(layers, new EnumerableBatchSource([randn(2, 5)], []), new() { AllowReuse = true }));
        Assert.Equal("ReuseAtTheSameTime", reuse.ErrorId);
    }

    [Fact]
    public void The_record_of_Windows_leads_to_the_message()
    {
        using var thrown = new ThrownObject(".?AVexception@std@@", "out of luck");

        Assert.Equal("out of luck", MicrosoftExceptions.Message(&thrown.Memory->Record));
    }

    [Fact]
    public void What_is_no_exception_of_the_standard_library_has_no_message()
    {
        using var other = new ThrownObject(".?AVsomething@else@@", "");
        using var structured = new ThrownObject(".?AVexception@std@@", "");
        structured.Memory->Record.Code = 0xc0000005;

        Assert.Null(MicrosoftExceptions.Message(&other.Memory->Record));
        Assert.Null(MicrosoftExceptions.Message(&structured.Memory->Record));
        Assert.Null(MicrosoftExceptions.Message(null));
    }

    [Theory]
    [InlineData("vcruntime140_1.dll")]
    [InlineData("vcruntime140.dll, msvcp140.dll")]
    public void Each_missing_part_of_the_runtime_is_named_with_what_to_install(string missing)
    {
        var error = Assert.Throws<PreciseBnException>(() => VisualCppRuntime.Require(library => !missing.Split(", ").Contains(library)));

        Assert.Equal(("VisualCppRuntimeMissing", ErrorKind.NotInstalled), (error.ErrorId, error.Kind));
        Assert.Contains($"this machine lacks {missing} of", error.Message);
        Assert.Contains("vc_redist.x64.exe", error.Advice);
    }

    [Fact]
    public void A_runtime_that_is_there_is_no_error() => VisualCppRuntime.Require(_ => true);

    // An exception as Visual C++ throws it: it begins at an offset in a larger object, and is the second of the types to be caught as.
    private sealed class ThrownObject : IDisposable
    {
        private const int Name = 200;
        private const int Text = 300;
        private const int Size = 400;

        private static readonly delegate* unmanaged<nint*, nint> What = &ReadText;

        public ThrownObject(string type, string message)
        {
            Memory = (Layout*)NativeMemory.AllocZeroed(Size);
            var start = (byte*)Memory;
            Write(start + Name + (2 * sizeof(nint)), type);
            Write(start + Text, message);
            Memory->Record = new()
            {
                Code = 0xe06d7363,
                ParameterCount = 4,
                ImageBase = start,
                ThrowInfo = &Memory->ThrowInfo,
                Thrown = (byte*)&Memory->Object,
            };
            Memory->ThrowInfo.CatchableTypes = (int)((byte*)&Memory->TypeCount - start);
            Memory->TypeCount = 2;
            Memory->First = (int)((byte*)&Memory->Virtual - start);
            Memory->Second = (int)((byte*)&Memory->Direct - start);
            Memory->Virtual = new() { TypeDescriptor = Name, VirtualBase = 0 };
            Memory->Direct = new() { TypeDescriptor = Name, VirtualBase = -1, Offset = sizeof(nint) };
            Memory->Functions = (nint)(&Memory->Destructor);
            Memory->What = (nint)What;
        }

        public Layout* Memory { get; }

        public void Dispose() => NativeMemory.Free(Memory);

        private static void Write(byte* place, string text) => Encoding.UTF8.GetBytes(text).CopyTo(new Span<byte>(place, text.Length));

        [UnmanagedCallersOnly]
        private static nint ReadText(nint* exception) => (nint)((byte*)exception - Marshal.OffsetOf<Layout>(nameof(Layout.Functions)) + Text);

        [StructLayout(LayoutKind.Sequential)]
        public struct Layout
        {
            public MicrosoftExceptions.ExceptionRecord Record;
            public MicrosoftExceptions.ThrowInfo ThrowInfo;
            public int TypeCount;
            public int First;
            public int Second;
            public MicrosoftExceptions.CatchableType Virtual;
            public MicrosoftExceptions.CatchableType Direct;
            public nint Object;
            public nint Functions;
            public nint Destructor;
            public nint What;
        }
    }
}
