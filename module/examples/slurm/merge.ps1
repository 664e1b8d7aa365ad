<#
.SYNOPSIS
    Merges the shards that were measured into a folder, and writes the statistics into a copy of the model.
#>
param(
    [Parameter(Mandatory)]
    [string] $Model,

    [Parameter(Mandatory)]
    [string] $Folder,

    [Parameter(Mandatory)]
    [string] $Destination
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../../PreciseBn.psd1"
Merge-BnStat "$Folder/part-*.safetensors" | Set-BnStat $Model -Destination $Destination -Force
