<#
.SYNOPSIS
    Measures one shard of the data into a file, or goes on where an earlier attempt was broken off.
#>
param(
    [Parameter(Mandatory)]
    [string] $Model,

    [Parameter(Mandatory)]
    [string] $Data,

    [Parameter(Mandatory)]
    [string] $Folder,

    # Such as 3/16.
    [Parameter(Mandatory)]
    [string] $Shard,

    [int] $BatchSize = 32,

    [int] $Every = 20
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../../PreciseBn.psd1"

# The one place that knows what the data are like.
$loader = New-BnDataLoader $Data -Key images -BatchSize $BatchSize -Mean 0.1307 -StandardDeviation 0.3081

$part = "$Folder/part-$($Shard -replace '/.*').safetensors"
$null = Get-BnModule $Model | Measure-BnStat -Data $loader -Shard $Shard -Checkpoint $part -Every $Every
