<#
.SYNOPSIS
    Runs the tests of this folder, and keeps how many there were of each outcome.
.DESCRIPTION
    Exits with 1 if a test failed, a file could not be run, or there was no test at all. To be run in a process of its own.
.PARAMETER Pester
    The manifest of the version of Pester that runs them.
.PARAMETER Result
    The file of JSON for the counts, which tests failed, and why tests were skipped.
.PARAMETER Path
    The files that are run; by default all.
.PARAMETER ExcludeTag
    Tags of tests that are left out.
.EXAMPLE
    pwsh -NoProfile -File tests/Pester/run.ps1 -Pester ~/.nuget/packages/pester/6.2.0/tools/Pester.psd1
#>
[CmdletBinding()]
param(
    [string] $Pester = 'Pester',

    [string] $Result,

    [string[]] $Path = $PSScriptRoot,

    [string[]] $ExcludeTag = @()
)

Import-Module $Pester
$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.PassThru = $true
$configuration.Filter.ExcludeTag = $ExcludeTag
$configuration.Output.Verbosity = 'Normal'
$run = Invoke-Pester -Configuration $configuration

$counts = [ordered]@{
    Passed   = $run.PassedCount
    Failed   = $run.FailedCount + $run.FailedBlocksCount + $run.FailedContainersCount
    Skipped  = $run.SkippedCount + $run.NotRunCount
    Failures = @($run.Failed + $run.FailedBlocks + $run.FailedContainers | ForEach-Object { "$($_.ExpandedPath ?? $_): $($_.ErrorRecord)" })
    Reasons  = @($run.Skipped | ForEach-Object { "$($_.ExpandedPath): $($_.ErrorRecord)" })
}
if ($Result) {
    $counts | ConvertTo-Json | Set-Content -LiteralPath $Result
}
exit [int]($counts.Failed -gt 0 -or $counts.Passed -eq 0)
