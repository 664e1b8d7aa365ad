<#
.SYNOPSIS
    Recomputes BatchNorm statistics with several copies of a model in one process, each on a shard of the data.
.DESCRIPTION
    Every copy gets its share of libtorch's threads, so that together they take no more than there are processors. That pays
    where a model is too small, or its batches are, to keep all processors busy.
.PARAMETER Model
    The model; the new statistics go into a copy of it.
.PARAMETER Data
    A file with an array of images.
.PARAMETER Shards
    Into how many parts the data are divided.
.PARAMETER Destination
    Where the copy is written; what is there already is replaced.
.EXAMPLE
    ./parallel.ps1 -Shards 2 -Destination ~/digits.precise.pt
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
[TorchSharp.torch]::set_num_threads([math]::Max(1, [math]::Floor([Environment]::ProcessorCount / $Shards)))

1..$Shards | ForEach-Object -ThrottleLimit $Shards -Parallel {
    Import-Module $using:module
    $loader = New-BnDataLoader $using:Data -Key images -Mean 0.1307 -StandardDeviation 0.3081 -Workers 1
    Get-BnModule $using:Model | Measure-BnStat -Data $loader -Shard "$_/$using:Shards"
} | Merge-BnStat | Update-BnStat -Destination $Destination -Force
