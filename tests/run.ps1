<#
.SYNOPSIS
    Runs all tests of a solution that is built, and adds up what they gave.
.DESCRIPTION
    Those of the assemblies, and those of tests/Pester in the newest version of Pester and in the oldest that is supported, each in a
    process of its own; what has the tag Once, as it takes long, runs in the newest only. The last lines name the tests that failed, and
    say how many passed and failed over everything; it exits with 1 if one failed, or if a part ran none.
.PARAMETER Configuration
    The configuration that was built.
.EXAMPLE
    ./run.ps1
#>
[CmdletBinding()]
param(
    [string] $Configuration = 'Release'
)

$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot
$results = Join-Path $root 'artifacts/tests'
Remove-Item $results -Recurse -Force -ErrorAction Ignore

# A part that ran no test, or could not end, is a failure whatever else it says.
function Add-Outcome {
    param([string] $Name, [int] $Passed, [int] $Failed, [int] $Skipped, [int] $ExitCode, [string[]] $Failures)
    if (-not $Failed -and ($ExitCode -or -not $Passed)) {
        $Failures = @("ended with exit code $ExitCode after $Passed tests.")
        $Failed = 1
    }
    [pscustomobject]@{ Tests = $Name; Passed = $Passed; Failed = $Failed; Skipped = $Skipped; Failures = $Failures }
}

function Invoke-AssemblyTest {
    param([string] $Project)
    dotnet test $Project -c $Configuration --no-build --nologo --logger "trx;LogFileName=$(Split-Path $Project -Leaf).trx" --results-directory $results | Out-Host
    $exitCode = $LASTEXITCODE
    $run = ([xml](Get-Content "$results/$(Split-Path $Project -Leaf).trx" -Raw -ErrorAction Ignore)).TestRun
    $counters = $run.ResultSummary.Counters
    $failures = $run.Results.UnitTestResult | Where-Object outcome -EQ 'Failed' | ForEach-Object { "$($_.testName): $($_.Output.ErrorInfo.Message)" }
    Add-Outcome (Split-Path $Project -Leaf) $counters.passed ($counters.executed - $counters.passed) ($counters.total - $counters.executed) $exitCode $failures
}

function Invoke-CmdletTest {
    param([string] $Packages, [string] $Version, [string[]] $Option = @())
    $file = "$results/Pester-$Version.json"
    $shell = [Environment]::ProcessPath
    $engine = @(if ((Split-Path $shell -LeafBase) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' })
    & $shell @engine -NoProfile -NonInteractive -File "$PSScriptRoot/Pester/run.ps1" -Pester "$Packages/pester/$Version/tools/Pester.psd1" -Result $file @Option | Out-Host
    $exitCode = $LASTEXITCODE
    $counts = Get-Content $file -Raw -ErrorAction Ignore | ConvertFrom-Json
    Add-Outcome "Pester $Version" $counts.Passed $counts.Failed $counts.Skipped $exitCode $counts.Failures
}

$project = Join-Path $PSScriptRoot 'PreciseBn.PowerShell.Tests'
$pester = (dotnet msbuild $project '-getProperty:NuGetPackageRoot,PesterVersion,OldestPesterVersion' | ConvertFrom-Json).Properties
$outcomes = @(
    Invoke-AssemblyTest (Join-Path $PSScriptRoot 'PreciseBn.Tests')
    Invoke-AssemblyTest $project
    Invoke-CmdletTest $pester.NuGetPackageRoot $pester.PesterVersion
    Invoke-CmdletTest $pester.NuGetPackageRoot $pester.OldestPesterVersion -Option '-ExcludeTag', 'Once'
)
$outcomes | Format-Table Tests, Passed, Failed, Skipped | Out-Host
foreach ($outcome in $outcomes) {
    $outcome.Failures | Where-Object { $_ } | ForEach-Object { "FAILED $($outcome.Tests): $($_ -replace '\s+', ' ')" }
}
$sum = @{}
foreach ($kind in 'Passed', 'Failed', 'Skipped') {
    $sum[$kind] = ($outcomes | Measure-Object $kind -Sum).Sum
}
"$($sum.Passed) passed, $($sum.Failed) failed, $($sum.Skipped) skipped"
exit [int]($sum.Failed -gt 0)
