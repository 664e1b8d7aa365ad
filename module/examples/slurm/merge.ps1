<#
.SYNOPSIS
    Merges the shards that were measured into a folder, and writes the statistics into a copy of the model.
.DESCRIPTION
    What merge.sbatch runs once all tasks have ended.
.PARAMETER Model
    The model that was measured.
.PARAMETER Folder
    Where the partial results are.
.PARAMETER Destination
    Where the copy is written; what is there already is replaced.
.EXAMPLE
    ./merge.ps1 -Model model.pt -Folder results -Destination results/model.pt
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string] $Model,

    [Parameter(Mandatory)]
    [string] $Folder,

    [Parameter(Mandatory)]
    [string] $Destination
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../../PreciseBn.psd1" -Verbose:$false
Merge-BnStat (Join-Path $Folder part-*.safetensors) | Set-BnStat $Model -Destination $Destination -Force -PassThru
