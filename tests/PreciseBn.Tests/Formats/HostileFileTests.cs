using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Files made to harm are refused with an error, or read for what they are; nothing in them is executed.</summary>
public sealed class HostileFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public HostileFileTests() => _path = _folder.File("hostile.pth");

    [Fact]
    public void A_pickle_that_calls_the_system_calls_nothing()
    {
        var marker = _folder.File("executed");
        WritePickle($"cos\nsystem\nX{Length($"touch {marker}")}touch {marker}\x85R.");

        Assert.Empty(Runs.Read(_path).Layers);
        Assert.False(File.Exists(marker));
    }

    [Fact]
    public void Dictionaries_nested_100_000_deep_are_refused()
    {
        const int Depth = 100_000;
        var pickle = new StringBuilder();
        for (var i = 0; i < Depth; i++)
            pickle.Append("}X\x01\0\0\0a");
        pickle.Append('N').Append('s', Depth).Append('.');
        WritePickle(pickle.ToString());

        AssertFails("LimitExceeded");
    }

    [Fact]
    public void Lists_that_hold_each_other_twice_are_walked_once()
    {
        const int Doublings = 60;
        var pickle = new StringBuilder("]q\0");
        for (var i = 0; i < Doublings; i++)
            pickle.Append("](h").Append((char)i).Append('h').Append((char)i).Append("eq").Append((char)(i + 1));
        WritePickle(pickle.Append('.').ToString());

        Assert.Empty(Runs.Read(_path).Layers);
    }

    [Fact]
    public void A_list_that_holds_itself_is_walked_once()
    {
        WritePickle("]q\0(h\0h\0e.");

        Assert.Empty(Runs.Read(_path).Layers);
    }

    [Fact]
    public void Long_names_that_repeat_in_each_other_are_refused()
    {
        var pickle = new StringBuilder($"X{Length(new string('n', 5000))}{new string('n', 5000)}q\00");
        for (var i = 0; i < 400; i++)
            pickle.Append("}h\0");
        WritePickle(pickle.Append('N').Append('s', 400).Append('.').ToString());

        AssertFails("LimitExceeded");
    }

    [Fact]
    public void Layers_that_share_one_large_storage_cannot_ask_for_more_than_the_file_has()
    {
        const int Channels = 1 << 20;
        var tensor = $"ctorch._utils\n_rebuild_tensor_v2\n((X{Length("storage")}storagectorch\nFloatStorage\nX{Length("0")}0X{Length("cpu")}cpuJ\0\0\x10\0tQK\0J\0\0\x10\0\x85K\x01\x85\x89NtRq\0";
        var pickle = new StringBuilder("}(X\x01\0\0\0t").Append(tensor);
        for (var i = 0; i < 1000; i++)
        {
            foreach (var name in new[] { $"l{i}.running_mean", $"l{i}.running_var" })
                pickle.Append('X').Append(Length(name)).Append(name).Append("h\0");
        }
        new RawZip(_path).Add("m/data.pkl", Bytes(pickle.Append("u.").ToString())).Add("m/data/0", new byte[Channels * sizeof(float)]).Write();

        AssertFails("LimitExceeded");
    }

    [Theory]
    [InlineData("J\xff\xff\xff\x7f")]
    [InlineData("J\xff\xff\xff\xff")]
    [InlineData("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f")]
    public void A_storage_that_lies_outside_its_entry_is_damaged(string offset)
    {
        var tensor = $"ctorch._utils\n_rebuild_tensor_v2\n((X{Length("storage")}storagectorch\nFloatStorage\nX{Length("0")}0X{Length("cpu")}cpuK\x04tQ{offset}K\x04\x85K\x01\x85\x89NtRq\0";
        var pickle = $"}}(X{Length("running_mean")}running_mean{tensor}X{Length("running_var")}running_varh\0u.";
        new RawZip(_path).Add("m/data.pkl", Bytes(pickle)).Add("m/data/0", new byte[16]).Write();

        AssertFails("DamagedFile");
    }

    [Fact]
    public void A_zip_bomb_is_refused_unopened()
    {
        using (var zip = ZipFile.Open(_path, ZipArchiveMode.Create))
        using (var entry = zip.CreateEntry("m/data.pkl", CompressionLevel.Fastest).Open())
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 300; i++)
                entry.Write(zeros);
        }

        AssertFails("LimitExceeded");
    }

    [Fact]
    public void A_zip_bomb_that_lies_about_its_size_is_damaged()
    {
        using (var zip = ZipFile.Open(_path, ZipArchiveMode.Create))
        using (var entry = zip.CreateEntry("m/data.pkl", CompressionLevel.Fastest).Open())
            entry.Write(new byte[10 << 20]);
        var bytes = File.ReadAllBytes(_path);
        var header = bytes.AsSpan().LastIndexOf(new byte[] { 0x50, 0x4b, 1, 2 });
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(header + 24), 100);
        File.WriteAllBytes(_path, bytes);

        AssertFails("DamagedFile");
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("m/../../evil")]
    [InlineData("/etc/passwd")]
    [InlineData("m\\..\\evil")]
    public void An_entry_that_points_outside_is_refused(string name)
    {
        new RawZip(_path).Add("m/data.pkl", Bytes("N.")).Add(name, [1]).Write();

        AssertFails("LimitExceeded");
    }

    [Fact]
    public void Two_entries_of_one_name_are_damaged()
    {
        new RawZip(_path).Add("m/data.pkl", Bytes("N.")).Add("m/data.pkl", Bytes("N.")).Write();

        AssertFails("DamagedFile");
    }

    [Fact]
    public void Entries_that_overlap_are_damaged()
    {
        new RawZip(_path).Add("m/data.pkl", Bytes("N.")).Add("m/a", new byte[100]).Add("m/b", new byte[100])
            .Write((name, header) => Write(header, 42, name == "m/b" ? 60u : null));

        AssertFails("DamagedFile");
    }

    [Theory]
    [InlineData(20, uint.MaxValue - 1)]
    [InlineData(24, uint.MaxValue - 1)]
    [InlineData(42, uint.MaxValue - 1)]
    [InlineData(20, uint.MaxValue)]
    [InlineData(42, uint.MaxValue)]
    public void Sizes_and_positions_beyond_the_file_are_damaged(int field, uint value)
    {
        new RawZip(_path).Add("m/data.pkl", Bytes("N.")).Write((_, header) => Write(header, field, value));

        AssertFails("DamagedFile");
    }

    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,4],\"data_offsets\":[0,4]}}")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,99]}}")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[4,0]}}")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1e99],\"data_offsets\":[0,4]}}")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}")]
    [InlineData("{\"a\":5}")]
    [InlineData("{\"a\":")]
    [InlineData("{\"__metadata__\":{\"a\":5}}")]
    public void A_wrong_safetensors_header_is_damaged(string header)
    {
        File.WriteAllBytes(_path, [.. BitConverter.GetBytes((long)header.Length), .. Bytes(header), 0, 0, 0, 0]);

        AssertFails("DamagedFile");
    }

    [Theory]
    [InlineData("{\"weight_map\":{\"a\":\"../other.safetensors\"}}")]
    [InlineData("{\"weight_map\":{}}")]
    [InlineData("{\"weight_map\":{\"a\":5}}")]
    [InlineData("[]")]
    [InlineData("text")]
    public void A_wrong_index_is_damaged(string json)
    {
        var path = _folder.File("model.safetensors.index.json");
        File.WriteAllText(path, json);

        Assert.Equal("DamagedFile", Assert.Throws<PreciseBnException>(() => Runs.Read(path)).ErrorId);
    }

    public void Dispose() => _folder.Dispose();

    private void WritePickle(string pickle) => new RawZip(_path).Add("m/data.pkl", Bytes(pickle)).Write();

    private void AssertFails(string errorId)
    {
        var error = Assert.Throws<PreciseBnException>(() => Runs.Read(_path));
        Assert.Equal(errorId, error.ErrorId);
    }

    private static void Write(Memory<byte> header, int field, uint? value)
    {
        if (value is not null)
            BinaryPrimitives.WriteUInt32LittleEndian(header.Span[field..], value.Value);
    }

    private static string Length(string text) => Encoding.Latin1.GetString(BitConverter.GetBytes(text.Length));

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
