using System.Text;
using PreciseBn.Formats;

namespace PreciseBn.Tests;

/// <summary>Pickles are read as data, whatever they say.</summary>
public sealed class PickleReaderTests
{
    [Fact]
    public void Values_of_every_kind_are_read()
    {
        // pickle.dumps((None, True, 1, -2, 70000, 2**40, 1.5, 'ä', b'x', [1, 2], {'a': 1}), 2)
        var pickle = Convert.FromBase64String(
            "gAIoTohLAUr+////SnARAQCKBgAAAAAAAUc/+AAAAAAAAFgCAAAAw6RxAGNfY29kZWNzCmVuY29kZQpxAVgBAAAAeHECWAYAAABsYXRpbjFxA4ZxBFJxBV1xBihLAUsCZX1xB1gBAAAAYXEISwFzdHEJLg==");

        var tuple = Assert.IsType<object?[]>(PickleReader.Read(pickle));

        Assert.Equal([null, true, 1L, -2L, 70000L, 1L << 40, 1.5, "ä"], tuple[..8]);
        Assert.Equal(new PickleGlobal("_codecs", "encode"), Assert.IsType<PickleInstance>(tuple[8]).Type);
        Assert.Equal([1L, 2L], Assert.IsType<List<object?>>(tuple[9]));
        Assert.Equal(1L, Assert.IsType<PickleDictionary>(tuple[10])["a"]);
    }

    [Fact]
    public void A_call_is_recorded_and_not_made()
    {
        var instance = Assert.IsType<PickleInstance>(PickleReader.Read(Bytes("cos\nsystem\n(X\x04\0\0\0true" + "tR.")));

        Assert.Equal("os.system", instance.Type!.ToString());
        Assert.Equal(["true"], instance.Arguments);
    }

    [Theory]
    [InlineData("")]
    [InlineData("N")]
    [InlineData(".")]
    [InlineData("0.")]
    [InlineData("1.")]
    [InlineData("t.")]
    [InlineData("h\x05.")]
    [InlineData("X\xff\xff\xff\xffN.")]
    [InlineData("B\xff\xff\xff\xffN.")]
    [InlineData("\x8d\xff\xff\xff\xff\xff\xff\xff\x7fN.")]
    [InlineData("\x8b\xff\xff\xff\x7fN.")]
    [InlineData("Ns.")]
    [InlineData("NNs.")]
    [InlineData("NNb.")]
    [InlineData("(NNNu.")]
    [InlineData("NR.")]
    [InlineData("cos\nsystem")]
    [InlineData("I1\n.")]
    [InlineData("(Na.")]
    public void A_malformed_pickle_is_an_error(string pickle) =>
        Assert.Throws<PickleException>(() => PickleReader.Read(Bytes(pickle)));

    [Fact]
    public void Nesting_of_any_depth_needs_no_stack()
    {
        const int Depth = 1_000_000;
        var pickle = Bytes(new string(']', Depth) + new string('a', Depth - 1) + ".");

        var value = PickleReader.Read(pickle);

        var depth = 0;
        for (var list = value as List<object?>; list is not null; list = list.Count > 0 ? list[0] as List<object?> : null)
            depth++;
        Assert.Equal(Depth, depth);
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
