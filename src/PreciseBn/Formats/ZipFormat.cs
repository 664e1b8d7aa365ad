namespace PreciseBn.Formats;

/// <summary>Signatures, sizes and positions of fields in a zip archive (PKWARE APPNOTE.TXT 6.3, section 4.3).</summary>
internal static class ZipFormat
{
    public const uint LocalHeaderSignature = 0x04034b50;
    public const int LocalHeaderSize = 30;
    public const int LocalHeaderCrc = 14;
    public const int LocalHeaderNameLength = 26;
    public const int LocalHeaderExtraLength = 28;

    public const uint DataDescriptorSignature = 0x08074b50;

    public const uint CentralHeaderSignature = 0x02014b50;
    public const int CentralHeaderSize = 46;
    public const int CentralHeaderCrc = 16;

    public const uint EndSignature = 0x06054b50;
    public const int EndSize = 22;
    public const int LongestComment = ushort.MaxValue;

    public const uint Zip64EndSignature = 0x06064b50;
    public const int Zip64EndSize = 56;
    public const uint Zip64LocatorSignature = 0x07064b50;
    public const int Zip64LocatorSize = 20;
    public const ushort Zip64ExtraField = 1;

    public const ushort EncryptedFlag = 1;
    public const ushort DataDescriptorFlag = 8;

    public const ushort Stored = 0;
    public const ushort Deflated = 8;
}
