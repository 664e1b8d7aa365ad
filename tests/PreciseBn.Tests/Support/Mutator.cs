namespace PreciseBn.Tests.Support;

/// <summary>Damages bytes in the ways that files get damaged, or are made to be; the same for the same seed.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly byte[][] Interesting =
    [
        [0], [0xff], [0x7f], [0x80], [0xff, 0xff], [0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0x7f], [0, 0, 0, 0x80],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0, 0, 0, 0, 0, 0, 0, 0], "PK"u8.ToArray(), "}"u8.ToArray(), "]"u8.ToArray(),
        "("u8.ToArray(), "t"u8.ToArray(), "R"u8.ToArray(), "."u8.ToArray(), "99999999999999999999"u8.ToArray(), "-1"u8.ToArray(),
    ];

    private readonly Random _random = new(seed);

    public byte[] Mutate(byte[] original)
    {
        var bytes = original.ToList();
        for (var i = _random.Next(1, 5); i > 0 && bytes.Count > 0; i--)
            MutateOnce(bytes);
        return [.. bytes];
    }

    private void MutateOnce(List<byte> bytes)
    {
        var at = _random.Next(bytes.Count);
        var length = Math.Min(_random.Next(1, 40), bytes.Count - at);
        switch (_random.Next(7))
        {
            case 0: bytes[at] ^= (byte)(1 << _random.Next(8)); break;
            case 1: bytes[at] = (byte)_random.Next(256); break;
            case 2: bytes.RemoveRange(at, length); break;
            case 3: bytes.RemoveRange(at, bytes.Count - at); break;
            case 4: bytes.InsertRange(_random.Next(bytes.Count), bytes.GetRange(at, length)); break;
            case 5: Overwrite(bytes, at, bytes.GetRange(_random.Next(bytes.Count - length + 1), length)); break;
            default: Overwrite(bytes, at, Interesting[_random.Next(Interesting.Length)]); break;
        }
    }

    private static void Overwrite(List<byte> bytes, int at, IReadOnlyList<byte> source)
    {
        for (var i = 0; i < source.Count && at + i < bytes.Count; i++)
            bytes[at + i] = source[i];
    }
}
