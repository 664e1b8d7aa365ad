using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

public sealed class TemporaryModelTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_is_there_for_its_own_user_until_it_is_disposed_of(bool isNameless)
    {
        string path;
        using (var model = new TemporaryModel("model.pt", stream => stream.Write([1, 2, 3]), isNameless && OperatingSystem.IsLinux()))
        {
            path = model.Path;
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            Assert.Equal([1, 2, 3], new[] { file.ReadByte(), file.ReadByte(), file.ReadByte() });
            Assert.Equal(-1, file.ReadByte());
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.SafeFileHandle));
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_an_error_and_is_removed()
    {
        var path = "";

        var failure = Assert.Throws<PreciseBnException>(() => new TemporaryModel("model.pt", stream =>
        {
            path = ((FileStream)((BufferedStream)stream).UnderlyingStream).Name;
            throw new IOException("No space left on device.");
        }, isNameless: false));

        Assert.Equal("WriteFailed", failure.ErrorId);
        Assert.StartsWith("'model.pt' could not be copied into a temporary file, to be observed there: No space left on device.", failure.Message);
        Assert.Contains("TMPDIR", failure.Advice);
        Assert.NotEmpty(path);
        Assert.False(File.Exists(path));
    }

    [LinuxFact("a limit to the size of files")]
    public void A_disk_that_takes_no_more_leaves_the_model_as_it_was()
    {
        using var folder = new TemporaryFolder();
        var model = folder.Copy("digits.scripted.pt", "model.pt");
        var before = File.ReadAllBytes(model);
        var data = Fixtures.Path("digits.calibration.npy");

        var (exitCode, output, errors) = FileWriter.RunOnFullDisk(before.Length / 1024 / 2, model, data, data, "2");

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Equal("ready\nWriteFailed\nWriteFailed\n", output);
        Assert.Equal(before, File.ReadAllBytes(model));
        Assert.Equal([model], Directory.GetFiles(folder.Path));
    }
}
