<#
.SYNOPSIS
    Recomputes BatchNorm statistics with several processes on this machine, each on a shard of the data.
.DESCRIPTION
    Each shard is measured by a background job, a process of its own with its share of the processors.
.PARAMETER Model
    The model; the new statistics go into a copy of it.
.PARAMETER Data
    A file with an array of images.
.PARAMETER Shards
    Into how many parts the data are divided.
.PARAMETER Destination
    Where the copy is written; what is there already is replaced.
.EXAMPLE
    ./jobs.ps1 -Shards 2 -Destination ~/digits.precise.pt
#>
[CmdletBinding()]
param(
    [string] $Model = "$PSScriptRoot/../../tests/fixtures/digits.scripted.pt",

    [string] $Data = "$PSScriptRoot/../../tests/fixtures/digits.calibration.npz",

    [int] $Shards = 4,

    [string] $Destination = 'Temp:/digits.precise.pt'
)

$ErrorActionPreference = 'Stop'
$module = Convert-Path "$PSScriptRoot/../../PreciseBn.psd1"
$Model = Convert-Path -LiteralPath $Model
$Data = Convert-Path -LiteralPath $Data
Import-Module $module -Verbose:$false
$threads = [math]::Max(1, [math]::Floor([Environment]::ProcessorCount / $Shards))

$jobs = foreach ($shard in 1..$Shards) {
    Start-Job {
        $ErrorActionPreference = 'Stop'
        Import-Module $using:module
        $loader = New-BnDataLoader $using:Data -Key images -Mean 0.1307 -StandardDeviation 0.3081 -Workers 1
        Get-BnModule $using:Model | Measure-BnStat -Data $loader -Shard "$using:shard/$using:Shards" -Threads $using:threads
    }
}
try {
    $jobs | Receive-Job -Wait | Merge-BnStat | Update-BnStat -Destination $Destination -Force
}
finally {
    # One that failed, or Ctrl+C, leaves none of the others at work.
    $jobs | Remove-Job -Force
}
