using System.Net.Sockets;
using PreciseBn.Data;
using PreciseBn.Files;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Devices, pipes, sockets and streams beside a file are no files, and are neither read nor written nor waited for.</summary>
public sealed class SpecialFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;
    private Socket? _socket;

    public SpecialFileTests() => _model = _folder.Copy("digits.state_dict.pth", "model.pth");

    [Theory]
    [InlineData(@"C:\models\NUL")]
    [InlineData(@"C:\models\con.pt")]
    [InlineData(@"C:\models\Com1 .tar.gz")]
    [InlineData(@"C:\models\LPT³")]
    [InlineData(@"C:\models\o.pth:s")]
    [InlineData(@"C:\models\o.pth::$DATA")]
    [InlineData(@"\\.\pipe\models")]
    [InlineData(@"\\.\NUL")]
    public void These_names_are_no_files_in_Windows(string path) => Assert.True(ReservedName.Is(path));

    [Theory]
    [InlineData(@"C:\models\model.pt")]
    [InlineData(@"\\server\share\model.pt")]
    [InlineData(@"\\?\C:\models\model.pt")]
    [InlineData(@"C:\con\null.pt")]
    [InlineData(@"C:\models\com10")]
    [InlineData(@"C:\models\.nul")]
    public void These_names_are(string path) => Assert.False(ReservedName.Is(path));

    [Fact]
    public void They_are_refused_as_models_as_data_and_as_destinations()
    {
        var layers = Runs.Read(_model).Layers;
        foreach (var path in Specials())
        {
            AssertRefused(path, () => Runs.Read(path));
            AssertRefused(path, () => BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential }));
            AssertRefused(path, () => Runs.Apply(_model, layers, save: new() { Destination = path, Force = true }));
            AssertRefused(path, () => BnStatFile.Write(path, layers, force: true));
            AssertRefused(path, () => BnReport.Write(path, BnComparer.Match(layers, layers).Select(BnComparer.Compare).ToArray(), [], "title", BnReportFormat.Html, force: true));
        }
    }

    [UnixFact("pipes with names")]
    public void A_pipe_among_images_is_not_waited_for()
    {
        Pipe("a.png");
        using var strict = BnDataLoader.FromFiles([_folder.Path], new() { Order = DataOrder.Sequential });
        using var lenient = BnDataLoader.FromFiles([_folder.Path], new() { Order = DataOrder.Sequential, SkipUnreadable = true });

        var error = Assert.Throws<PreciseBnException>(() => strict.Read().ToArray());

        Assert.Equal("UnreadableImage", error.ErrorId);
        Assert.Contains("no regular file", error.Message);
        Assert.Empty(lenient.Read());
    }

    [UnixFact("symbolic links")]
    public void Links_in_a_circle_are_an_error()
    {
        var (one, other) = (_folder.File("one"), _folder.File("other"));
        File.CreateSymbolicLink(one, other);
        File.CreateSymbolicLink(other, one);

        Assert.Equal("ReadFailed", Assert.Throws<PreciseBnException>(() => Runs.Read(one)).ErrorId);
        Assert.Equal("ReadFailed", Assert.Throws<PreciseBnException>(() => BnStatFile.Write(one, Runs.Read(_model).Layers, force: true)).ErrorId);
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _folder.Dispose();
    }

    private IEnumerable<string> Specials()
    {
        if (OperatingSystem.IsWindows())
            return ["NUL", _folder.File("NUL"), _folder.File("con.bin"), _folder.File("o.pth:s"), _model + ":s"];
        var path = _folder.File("socket");
        _socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        Pipe("pipe.bin");
        return ["/dev/null", _folder.File("pipe.bin"), path];
    }

    private void Pipe(string name) => Assert.Equal(0, Tool.Run("mkfifo", _folder.File(name)).ExitCode);

    private static void AssertRefused(string path, Action action)
    {
        var error = Assert.Throws<PreciseBnException>(action);
        Assert.Equal("NotRegularFile", error.ErrorId);
        Assert.Contains(Path.GetFileNameWithoutExtension(path), error.Message);
    }
}
