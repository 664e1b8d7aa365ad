using System.Management.Automation;
using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>Files of data are chosen as PowerShell's users choose files and names.</summary>
public sealed class DataFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;

    public DataFileTests()
    {
        _session = new PowerShellSession(_folder.Path);
        File.WriteAllText(_folder.File("part-2.csv"), "id,F1,f2,label\nx,1,2,0\n");
        File.WriteAllText(_folder.File("part-10.csv"), "id,F1,f2,label\ny,3,4,1\n");
    }

    [Theory]
    [InlineData("New-BnDataLoader part-*.csv -ExcludeColumn label", "1 2 3 4")]
    [InlineData("New-BnDataLoader part-10.csv, part-2.csv -ExcludeColumn LAB*", "1 2 3 4")]
    [InlineData("New-BnDataLoader part-*.csv -Column label, f?", "0 1 2 1 3 4")]
    [InlineData("New-BnDataLoader part-2.csv -Delimiter ','", "1 2 0")]
    [InlineData("[IO.DirectoryInfo]::new($PWD.Path).GetFiles('part-*.csv') | New-BnDataLoader", "1 2 0 3 4 1")]
    [InlineData("[pscustomobject]@{ PSPath = \"$($PWD.Path)/part-2.csv\" } | New-BnDataLoader -Column f2", "2")]
    public void Paths_and_columns_take_wildcards_and_the_pipeline(string script, string values)
    {
        var result = _session.Invoke($"foreach ($batch in ({script})) {{ $batch.Inputs[0].data[float]().ToArray() }}");

        Assert.Empty(result.Errors);
        Assert.Equal(values, string.Join(' ', result.Output.Select(value => value.ToString())));
    }

    [Fact]
    public void A_path_with_brackets_is_literal_where_it_is_said_so()
    {
        File.WriteAllText(_folder.File("part-[1].csv"), "a\n5\n");

        Assert.Equal(1L, Assert.Single(_session.Invoke("New-BnDataLoader -LiteralPath 'part-[1].csv'").Values("Count")));
        Assert.Equal(1L, Assert.Single(_session.Invoke("[IO.FileInfo]::new(\"$($PWD.Path)/part-[1].csv\") | New-BnDataLoader").Values("Count")));
    }

    [Fact]
    public void The_columns_that_are_used_are_told_with_verbose()
    {
        var verbose = _session.Invoke("New-BnDataLoader part-2.csv -Verbose 4>&1").Output.Select(line => line.BaseObject).OfType<VerboseRecord>();

        Assert.Contains("The columns that are used: F1, f2, label.", verbose.Select(record => record.Message));
    }

    [Fact]
    public void Files_and_tensors_do_not_mix() =>
        Assert.StartsWith("MixedInput", _session.InvokeFailing("[IO.FileInfo]::new(\"$($PWD.Path)/part-2.csv\"), 1.5 | New-BnDataLoader").FullyQualifiedErrorId);

    [Fact]
    public void A_model_is_recomputed_from_a_table_given_by_its_path()
    {
        _folder.Copy("bn1d.scripted.pt", "model.pt");
        File.WriteAllText(_folder.File("table.csv"), "a,b,c,d\n0,1,2,3\n2,5,2,-3\n");

        var stat = Assert.Single(_session.Invoke("Get-BnModule model.pt | Update-BnStat -Data table.csv -Destination new.pt").Output);

        Assert.Equal([1.0, 3.0, 2.0, 0.0], (double[])stat.Properties["Mean"].Value);
        Assert.Equal([1.0, 4.0, 0.0, 9.0], (double[])stat.Properties["Variance"].Value);
    }

    // A reader of tables costs nothing where there is none.
    [Fact]
    public void Readers_of_tables_are_loaded_only_for_tables()
    {
        _folder.Copy("bn1d.scripted.pt", "model.pt");
        const string Loaded = "'loaded: ' + ([AppDomain]::CurrentDomain.GetAssemblies().ForEach({ $_.GetName().Name }).Where({ $_ -in 'ParquetSharp', 'CsvHelper' }) -join ' ')";

        var (exitCode, output, errors) = HostProcess.Run(_folder.Path, $"$null = Get-BnModule model.pt; $null = New-BnDataLoader \"{Fixtures.Path("digits.calibration.npy")}\"; {Loaded}; $null = New-BnDataLoader part-2.csv; {Loaded}");

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Equal(["loaded:", "loaded: CsvHelper"], output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}
