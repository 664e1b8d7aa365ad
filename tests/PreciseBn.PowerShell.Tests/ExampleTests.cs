using System.Text;
using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>The examples do what their help says, and their exit codes serve a scheduler.</summary>
public sealed class ExampleTests : IDisposable
{
    private const string Loader = "-Loader @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 }";

    private static readonly string Folder = Path.Combine(Repository.Root, "module/examples");

    private static readonly string UserModel = Path.Combine(
        Repository.Root, "tests/PreciseBn.UserModel/bin", Programs.Configuration, "net10.0/PreciseBn.UserModel.dll");

    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;

    public ExampleTests()
    {
        _folder.Copy("digits.scripted.pt", "model.pt");
        _folder.Copy("digits.calibration.npz", "calibration.npz");
        _folder.Copy("digits.test.npz", "test.npz");
        _session = new PowerShellSession(_folder.Path);
    }

    public static TheoryData<string> Scripts() =>
        [.. Directory.GetFiles(Folder, "*.ps1", SearchOption.AllDirectories).Append(Path.Combine(Repository.Root, "build.ps1"))
            .Select(file => Path.GetRelativePath(Repository.Root, file))];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Help_tells_of_every_parameter(string script)
    {
        var result = _session.Invoke("""
            $help = Get-Help $args[0] -Full
            $help.Synopsis
            $help.description[0].Text
            @($help.examples.example).Count
            (Get-Command $args[0]).Parameters.Values.Where({ $_.Attributes.TypeId.Name -contains 'ParameterAttribute' }).Name.Where({
                $name = $_
                -not $help.parameters.parameter.Where({ $_.name -eq $name }).description.Text -and $name -notin [System.Management.Automation.Cmdlet]::CommonParameters
            })
            """, Path.Combine(Repository.Root, script));

        Assert.Empty(result.Errors);
        Assert.Equal(3, result.Output.Length);
        Assert.DoesNotContain(Path.GetFileName(script), result.Output[0].ToString());
        Assert.False(string.IsNullOrWhiteSpace(result.Output[1].ToString()));
        Assert.True((int)result.Output[2].BaseObject > 0);
    }

    [Fact]
    public void A_night_keeps_statistics_that_pass_and_a_backup()
    {
        var result = Run("nightly.ps1", $"-Model model.pt -Data calibration.npz -Holdout test.npz -LabelKey labels {Loader}");

        Assert.Empty(result.Warnings);
        Assert.Equal(0, result.Output[1].BaseObject);
        Assert.Equal((true, 0.921, 0.971), (result.Values("Passed")[0], result.Values("AccuracyBefore")[0], result.Values("AccuracyAfter")[0]));
        Assert.Equal(Original, File.ReadAllBytes(_folder.File("model.pt.bak")));
        Assert.NotEqual(Original, File.ReadAllBytes(_folder.File("model.pt")));
    }

    [Theory]
    [InlineData("-Threshold @{ MeanShift = 100; VarianceRatio = 1e6; Divergence = 100 } -LabelKey labels", "The accuracy fell from 92.1")]
    [InlineData("", "stem.bn: ")]
    public void A_night_takes_back_statistics_that_do_not_pass(string gates, string reason)
    {
        WriteNoise(_folder.File("images.npy"));

        var result = Run("nightly.ps1", $"-Model model.pt -Data images.npy -Holdout test.npz {gates} {Loader}");

        Assert.Equal(1, result.Output[1].BaseObject);
        Assert.Contains((string[])[.. ((object[])result.Values("Reasons")[0]!).Select(text => $"{text}")], text => text.StartsWith(reason));
        Assert.Equal(Original, File.ReadAllBytes(_folder.File("model.pt")));
        Assert.False(File.Exists(_folder.File("model.pt.bak")));
    }

    [Theory]
    [InlineData("-Model model.pt -Data calibration.npz -Holdout missing.npz")]
    [InlineData("-Model model.pt -Data missing.npz -Holdout test.npz")]
    [InlineData("-Model missing.pt -Data calibration.npz -Holdout test.npz")]
    public void A_night_that_fails_leaves_the_model_as_it_was(string arguments)
    {
        var result = Run("nightly.ps1", $"{arguments} {Loader}");

        Assert.Equal(2, Assert.Single(result.Output).BaseObject);
        Assert.Contains(result.Warnings, warning => warning.Contains("There is no file"));
        Assert.Equal(Original, File.ReadAllBytes(_folder.File("model.pt")));
    }

    [Fact]
    public void A_bad_model_does_not_keep_the_rest_of_the_fleet_from_its_turn()
    {
        File.WriteAllText(_folder.File("a-text.pt"), "not a model");
        ArchiveEditor.RewriteCode(Fixtures.Path("dict-out.scripted.pt"), _folder.File("other.pt"), "torch.batch_norm(", "torch.other(");

        var result = Run("fleet.ps1", $"-Folder . -Data calibration.npz -Update @{{ Iterations = 2 }} {Loader}");

        Assert.Equal(1, result.Output[3].BaseObject);
        var results = result.Values("Model").Zip(result.Values("Result")).Take(3).OrderBy(pair => $"{pair.First}", StringComparer.Ordinal);
        Assert.Equal([("a-text.pt", "Failed"), ("model.pt", "Recomputed"), ("other.pt", "NoBatchNorm")], results);
        Assert.Equal(Original, File.ReadAllBytes(_folder.File("model.pt.bak")));
        Assert.NotEqual(Original, File.ReadAllBytes(_folder.File("model.pt")));
    }

    [Fact]
    public void A_fleet_without_a_bad_model_exits_with_0_and_goes_into_another_folder()
    {
        var result = Run("fleet.ps1", $"-Folder . -Data calibration.npz -Update @{{ Iterations = 2 }} -Destination new {Loader}");

        Assert.Equal(0, result.Output[1].BaseObject);
        Assert.Equal((6, 2L), (result.Values("Layers")[0], result.Values("Batches")[0]));
        Assert.True(File.Exists(_folder.File("new/model.pt")));
        Assert.Equal(Original, File.ReadAllBytes(_folder.File("model.pt")));
    }

    [Fact]
    public void A_model_in_memory_is_trained_and_recomputed()
    {
        var result = Run("live-model.ps1", "-Fixtures $fixtures");

        Assert.Empty(result.Errors);
        Assert.Matches(@"^Accuracy on 1000 test images with running statistics: \d+\.\d %$", result.Output[0].ToString());
        Assert.Matches(@"^Accuracy on 1000 test images with precise statistics: \d+\.\d %$", result.Output[1].ToString());
    }

    [Fact]
    public void So_is_one_of_an_assembly()
    {
        var result = Run("live-model.ps1", $"-Fixtures $fixtures -Assembly '{UserModel}' -TypeName PreciseBn.UserModel.UserNetwork -Steps 3");

        Assert.Empty(result.Errors);
        Assert.Equal(3, result.Output.Length);
    }

    [Fact]
    public void A_class_that_is_not_there_is_named() => Assert.Contains(
        "There is no class 'Nothing'",
        _session.InvokeFailing($"& '{Folder}/live-model.ps1' -Assembly '{UserModel}' -TypeName Nothing").ToString());

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private static byte[] Original => File.ReadAllBytes(Fixtures.Path("digits.scripted.pt"));

    private PowerShellResult Run(string example, string arguments) =>
        _session.Invoke($"$LASTEXITCODE = $null; & '{Folder}/{example}' {arguments}; $LASTEXITCODE");

    // 64 images that are nothing like digits: numpy's format, version 1.0.
    private static void WriteNoise(string file)
    {
        var header = "{'descr': '|u1', 'fortran_order': False, 'shape': (64, 28, 28), }".PadRight(117) + "\n";
        var pixels = new byte[64 * 28 * 28];
        new Random(0).NextBytes(pixels);
        File.WriteAllBytes(file, [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. pixels]);
    }
}
