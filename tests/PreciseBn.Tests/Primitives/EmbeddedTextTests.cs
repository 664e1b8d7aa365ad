using PreciseBn.Primitives;

namespace PreciseBn.Tests;

public class EmbeddedTextTests
{
    [Fact]
    public void Line_endings_of_the_sources_do_not_matter()
    {
        Assert.Equal("a\nb\n", EmbeddedText.Read(new MemoryStream("a\r\nb\r\n"u8.ToArray())));
        Assert.Equal("a\nb\n", EmbeddedText.Read(new MemoryStream("a\nb\n"u8.ToArray())));
    }
}
