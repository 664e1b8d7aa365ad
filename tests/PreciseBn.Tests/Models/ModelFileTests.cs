using System.Text;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Files that are no model, or none that can be used, give one error that says so.</summary>
public sealed class ModelFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_missing_file_is_an_error() => AssertFails("FileNotFound", _folder.File("missing.pt"));

    [Fact]
    public void A_folder_is_an_error() => AssertFails("PathIsDirectory", _folder.Path);

    [Theory]
    [InlineData("hello world", "NotAModel")]
    [InlineData("", "NotAModel")]
    [InlineData("PK", "TruncatedFile")]
    public void A_file_of_text_is_an_error(string text, string errorId)
    {
        var path = _folder.File("text.pt");
        File.WriteAllText(path, text);

        AssertFails(errorId, path);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(200_000)]
    public void A_truncated_archive_is_an_error(int missing)
    {
        var path = _folder.Copy("digits.scripted.pt");
        using (var stream = File.OpenWrite(path))
            stream.SetLength(stream.Length - missing);

        AssertFails("TruncatedFile", path);
    }

    [Fact]
    public void A_zip_archive_of_something_else_is_an_error() =>
        AssertFails("OtherFormat", Fixtures.Path("digits.test.npz"));

    [Fact]
    public void A_damaged_object_tree_is_an_error()
    {
        var path = _folder.File("damaged.pt");
        ArchiveEditor.Rewrite(Fixtures.Path("digits.scripted.pt"), path, (name, bytes) =>
            name.EndsWith("data.pkl", StringComparison.Ordinal) ? bytes[..100] : bytes);

        Assert.Contains("data.pkl", AssertFails("DamagedFile", path).Message);
    }

    [Fact]
    public void A_flipped_bit_in_the_object_tree_is_noticed()
    {
        var path = _folder.Copy("digits.scripted.pt");
        var bytes = File.ReadAllBytes(path);
        var at = bytes.AsSpan().IndexOf("_is_full_backward_hook"u8);
        bytes[at] ^= 1;
        File.WriteAllBytes(path, bytes);

        Assert.Contains("checksum", AssertFails("DamagedFile", path).Message);
    }

    [Fact]
    public void A_missing_storage_is_an_error()
    {
        var path = _folder.File("incomplete.pt");
        ArchiveEditor.Rewrite(Fixtures.Path("digits.scripted.pt"), path, (name, bytes) =>
            name.EndsWith("/data/3", StringComparison.Ordinal) ? null : bytes);

        Assert.Contains("data/3", AssertFails("DamagedFile", path).Message);
    }

    [Fact]
    public void A_tensor_beyond_its_storage_is_an_error()
    {
        var path = _folder.File("short.pt");
        ArchiveEditor.Rewrite(Fixtures.Path("digits.scripted.pt"), path, (name, bytes) =>
            name.EndsWith("/data/3", StringComparison.Ordinal) ? bytes[..60] : bytes);

        Assert.Contains("data/3", AssertFails("DamagedFile", path).Message);
    }

    [Theory]
    [InlineData("byteorder", "big", "byte order")]
    [InlineData("version", "11\n", "version")]
    public void A_big_endian_or_newer_format_is_refused(string entry, string text, string mentioned)
    {
        var path = _folder.File("foreign.pt");
        ArchiveEditor.Rewrite(Fixtures.Path("digits.scripted.pt"), path, (name, bytes) =>
            name.EndsWith("/" + entry, StringComparison.Ordinal) ? Encoding.ASCII.GetBytes(text) : bytes);

        Assert.Contains(mentioned, AssertFails("UnsupportedFile", path).Message);
    }

    [Fact]
    public void A_model_without_BatchNorm_says_what_it_has_instead()
    {
        var path = _folder.File("folded.pt");
        ArchiveEditor.RewriteCode(Fixtures.Path("dict-out.scripted.pt"), path, "torch.batch_norm(", "torch.other(");

        var summary = Runs.Read(path);

        Assert.Empty(summary.Layers);
        Assert.Contains("Conv2d", summary.Contents);
    }

    [Fact]
    public void A_custom_operator_is_refused_before_libtorch_sees_it()
    {
        var path = _folder.File("custom.pt");
        ArchiveEditor.RewriteCode(Fixtures.Path("dict-out.scripted.pt"), path, "torch.mean(y)", "ops.torchvision.nms(y, y, 0.5)");

        var error = Assert.Throws<PreciseBnException>(() => Runs.Update(path, new EnumerableBatchSource([randn(2, 3, 8, 8)], [])));

        Assert.Equal("CustomOperator", error.ErrorId);
        Assert.Contains("torchvision::nms", error.Message);
    }

    [Fact]
    public void A_class_of_another_name_that_calls_batch_norm_is_a_BatchNorm()
    {
        var path = _folder.File("renamed.pt");
        ArchiveEditor.Rewrite(Fixtures.Path("dict-out.scripted.pt"), path, (_, bytes) => Replace(bytes, "BatchNorm2d", "HappyNorm2d"));

        var layer = Runs.Read(path).Layers.Single();
        var stats = Runs.Update(path, new EnumerableBatchSource([randn(2, 3, 8, 8)], []));

        Assert.Equal("HappyNorm2d", layer.Type);
        Assert.Equal(1, stats["bn"].Batches);
    }

    [Fact]
    public void An_operator_newer_than_libtorch_does_no_harm_where_it_is_not_reached()
    {
        var path = _folder.File("branch.pt");
        ArchiveEditor.RewriteCode(Fixtures.Path("dict-out.scripted.pt"), path, "    return {\"out\"",
            "    if torch.gt(torch.dim(y), 9):\n      y0 = torch.newest(torch.add(y, 1), \"a)\", [1, 2])\n    else:\n      y0 = y\n    return {\"out\"");

        var stats = Runs.Update(path, new EnumerableBatchSource([randn(2, 3, 8, 8)], []));

        Assert.Equal(1, stats["bn"].Batches);
    }

    [Fact]
    public void An_operator_newer_than_libtorch_is_named_where_it_is_reached()
    {
        var path = _folder.File("newest.pt");
        ArchiveEditor.RewriteCode(Fixtures.Path("dict-out.scripted.pt"), path, "torch.mean(y)", "torch.newest(y)");

        var error = Assert.Throws<PreciseBnException>(() => Runs.Update(path, new EnumerableBatchSource([randn(2, 3, 8, 8)], [])));

        Assert.Contains("aten::newest", error.Message);
    }

    [Fact]
    public void Source_that_libtorch_cannot_compile_is_an_error_and_not_the_end_of_the_process()
    {
        var path = _folder.File("wrong.pt");
        ArchiveEditor.RewriteCode(Fixtures.Path("dict-out.scripted.pt"), path, "torch.mean(y)", "torch.mean(y, 1, 2, 3, 4, 5, 6)");

        var error = Assert.Throws<PreciseBnException>(() => Runs.Update(path, new EnumerableBatchSource([randn(2, 3, 8, 8)], [])));

        Assert.Equal("ModelNotLoaded", error.ErrorId);
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Replace(byte[] bytes, string oldText, string newText) =>
        Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(bytes).Replace(oldText, newText));

    private static PreciseBnException AssertFails(string errorId, string path)
    {
        var error = Assert.Throws<PreciseBnException>(() => Runs.Read(path));
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(path, error.Message);
        return error;
    }
}
