using System.Runtime.InteropServices;

namespace PreciseBn.Native;

/// <summary>
/// Reads the C++ exception that Windows is handling: the record of a structured exception leads to the object that was thrown, and
/// to a list of the types that it may be caught as (ehdata.h of Visual C++, for 64-bit processes).
/// </summary>
internal static unsafe class MicrosoftExceptions
{
    private const uint CppException = 0xe06d7363;
    private const string StandardException = ".?AVexception@std@@";

    /// <summary>Its message, in a filter of an exception; <c>null</c> if it is none of <c>std::exception</c>.</summary>
    public static string? CurrentMessage()
    {
#pragma warning disable CS0618, SYSLIB0004 // There is no other way to the record.
        var pointers = (ExceptionRecord**)Marshal.GetExceptionPointers();
#pragma warning restore
        return pointers is null ? null : Message(*pointers);
    }

    /// <summary>The message of the object in a record.</summary>
    internal static string? Message(ExceptionRecord* record)
    {
        if (record is null || record->Code != CppException || record->ParameterCount < 4 || record->ThrowInfo is null)
            return null;
        // Addresses in these tables are counted from the start of the library that threw.
        var start = record->ImageBase;
        var types = (int*)(start + record->ThrowInfo->CatchableTypes);
        for (var i = 0; i < types[0]; i++)
        {
            var type = (CatchableType*)(start + types[1 + i]);
            if (type->VirtualBase < 0 && Marshal.PtrToStringUTF8((nint)(start + type->TypeDescriptor + (2 * sizeof(nint)))) == StandardException)
                return What((nint**)(record->Thrown + type->Offset));
        }
        return null;
    }

    // Its destructor is the first function of std::exception, and what() the second.
    private static string? What(nint** exception) =>
        Marshal.PtrToStringUTF8(((delegate* unmanaged<nint**, nint>)(*exception)[1])(exception));

    /// <summary>EXCEPTION_RECORD, with the parameters that Visual C++ gives.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ExceptionRecord
    {
        public uint Code;
        public uint Flags;
        public nint Next;
        public nint Address;
        public uint ParameterCount;
        public nint Magic;
        public byte* Thrown;
        public ThrowInfo* ThrowInfo;
        public byte* ImageBase;
    }

    /// <summary>_ThrowInfo.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ThrowInfo
    {
        public uint Attributes;
        public int Destructor;
        public int ForwardCompatible;
        public int CatchableTypes;
    }

    /// <summary>_CatchableType: where in the object the part of this type begins.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct CatchableType
    {
        public uint Properties;
        public int TypeDescriptor;
        public int Offset;
        public int VirtualBase;
        public int VirtualOffset;
        public int Size;
        public int CopyConstructor;
    }
}
