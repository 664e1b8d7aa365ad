using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>The files that the examples of the help speak of.</summary>
public sealed class ExampleFiles : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Recomputes a model once for all examples.</summary>
    public ExampleFiles()
    {
        _folder.Copy("digits.scripted.pt", "model.pt");
        _folder.Copy("digits.exported-static32-2.14.pt2", "model.pt2");
        _folder.Copy("digits.checkpoint.pth", "checkpoint.pth");
        _folder.Copy("digits.safetensors", "model.safetensors");
        _folder.Copy("digits.calibration.npz", "calibration.npz");
        _folder.Copy("digits.test.npz", "today.npz");
        _folder.Copy("two-inputs.batches.npz", "batches.npz");
        _folder.Copy("digits.calibration.npz", "part-1.npz");
        _folder.Copy("digits.test.npz", "part-2.npz");
        File.Copy(Fixtures.Path("tensors/pair.pt"), _folder.File("tensors.pt"));
        File.WriteAllText(_folder.File("patients.csv"), "name,age,lab1,lab2,outcome\nA,61,0.5,-1.25,1\nB,47,-0.75,2,0\n");
        CopyFolder(Fixtures.Path("images"), _folder.File("photos"));
        using var session = new PowerShellSession(_folder.Path);
        session.Invoke("""
            $loader = New-BnDataLoader calibration.npz -Key images -Mean 0.1307 -StandardDeviation 0.3081
            Get-BnModule model.pt | Update-BnStat $loader -Destination precise.pt
            """);
    }

    internal void CopyTo(TemporaryFolder folder) => CopyFolder(_folder.Path, folder.Path);

    public void Dispose() => _folder.Dispose();

    private static void CopyFolder(string source, string destination)
    {
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(destination, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
