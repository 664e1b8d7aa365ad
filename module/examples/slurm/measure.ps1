<#
.SYNOPSIS
    Measures one shard of the data into a file, or goes on where an earlier attempt was broken off.
.DESCRIPTION
    What a task of measure.sbatch runs.
.PARAMETER Model
    The model.
.PARAMETER Data
    All of the data, of which the shard is a part.
.PARAMETER Folder
    Where the partial result is written.
.PARAMETER Shard
    Which part of how many, such as 3/16.
.PARAMETER BatchSize
    Images in a batch.
.PARAMETER Every
    After how many batches the work is saved each time.
.EXAMPLE
    ./measure.ps1 -Model model.pt -Data calibration.npz -Folder results -Shard 3/16
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string] $Model,

    [Parameter(Mandatory)]
    [string] $Data,

    [Parameter(Mandatory)]
    [string] $Folder,

    [Parameter(Mandatory)]
    [string] $Shard,

    [int] $BatchSize = 32,

    [int] $Every = 20
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../../PreciseBn.psd1" -Verbose:$false

# The one place that knows what the data are like.
$loader = New-BnDataLoader $Data -Key images -BatchSize $BatchSize -Mean 0.1307 -StandardDeviation 0.3081

$part = Join-Path $Folder "part-$($Shard -replace '/.*').safetensors"
$null = Get-BnModule $Model | Measure-BnStat -Data $loader -Shard $Shard -Checkpoint $part -Every $Every
