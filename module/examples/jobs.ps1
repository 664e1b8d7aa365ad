<#
.SYNOPSIS
    Recomputes BatchNorm statistics with several processes on this machine, each on a shard of the data.
.DESCRIPTION
    Each shard is measured by a background job, a process of its own with its share of the processors.
.PARAMETER Model
    The model; the new statistics go into a copy of it.
.PARAMETER Data
    All of the data: a file of arrays, or a folder of images.
.PARAMETER Loader
    How the data are read: parameters of New-BnDataLoader.
.PARAMETER Measure
    How the statistics are measured: parameters of Measure-BnStat, such as Iterations.
.PARAMETER Shards
    Into how many parts the data are divided.
.PARAMETER Destination
    Where the copy is written; what is there already is replaced.
.EXAMPLE
    ./jobs.ps1 -Model model.pt -Data calibration.npz -Loader @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 } -Shards 2 -Destination model.precise.pt
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string] $Model,

    [Parameter(Mandatory)]
    [string] $Data,

    [hashtable] $Loader = @{},

    [hashtable] $Measure = @{},

    [int] $Shards = 4,

    [Parameter(Mandatory)]
    [string] $Destination
)

$ErrorActionPreference = 'Stop'
$module = Convert-Path "$PSScriptRoot/../../PreciseBn.psd1"
$Model = Convert-Path -LiteralPath $Model
$Data = Convert-Path -LiteralPath $Data
Import-Module $module -Verbose:$false
# Its share of the processors for each, unless more is said.
$share = [math]::Max(1, [math]::Floor([Environment]::ProcessorCount / $Shards))
$Loader = $Loader.ContainsKey('Workers') ? $Loader : $Loader + @{ Workers = 1 }
$Measure = $Measure.ContainsKey('Threads') ? $Measure : $Measure + @{ Threads = $share }

$jobs = foreach ($shard in 1..$Shards) {
    Start-Job {
        $ErrorActionPreference = 'Stop'
        Import-Module $using:module
        $batches = New-BnDataLoader $using:Data @using:Loader
        Get-BnModule $using:Model | Measure-BnStat -Data $batches -Shard "$using:shard/$using:Shards" @using:Measure
    }
}
try {
    $jobs | Receive-Job -Wait | Merge-BnStat | Update-BnStat -Destination $Destination -Force
}
finally {
    # One that failed, or Ctrl+C, leaves none of the others at work.
    $jobs | Remove-Job -Force
}
