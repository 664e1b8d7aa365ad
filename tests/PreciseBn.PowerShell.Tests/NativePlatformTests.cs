using PreciseBn.PowerShell.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>What packages are inspected with tells natives of one platform from those of another.</summary>
public sealed class NativePlatformTests
{
    [Theory]
    [InlineData("7F454C4602010100000000000000000003003E00", "linux-x64")]
    [InlineData("7F454C460201010000000000000000000300B700", NativePlatform.Another)]
    [InlineData("CFFAEDFE0C00000100000000060000000A000000", "osx-arm64")]
    [InlineData("CFFAEDFE0700000103000000060000000A000000", NativePlatform.Another)]
    [InlineData("CAFEBABE0000000201000007000000030000000000000000000000000100000C00000000000000000000000000000000", "osx-arm64")]
    [InlineData("CAFEBABE000000010100000700000003000000000000000000000000", NativePlatform.Another)]
    [InlineData("2320546869732066696C65206973206120746578742E", null)]
    [InlineData("", null)]
    public void A_header_tells_the_platform(string header, string? platform) =>
        Assert.Equal(platform, NativePlatform.Of(new MemoryStream(Convert.FromHexString(header))));

    [Fact]
    public void Assemblies_are_no_natives()
    {
        using var assembly = File.OpenRead(typeof(NativePlatformTests).Assembly.Location);

        Assert.Null(NativePlatform.Of(assembly));
    }
}
