<#
.SYNOPSIS
    Merges the shards that were measured into a folder, and writes the statistics into a copy of the model.
.DESCRIPTION
    What runs once measuring has ended, well or not: shards that are missing are named, and nothing is written then. It may be given
    again at any time. See about_PreciseBn_Schedulers.

    Exit codes: 0, the model is written; 75, give the same command again; 65, it would fail again, as when shards are missing.
.PARAMETER Model
    The model that was measured.
.PARAMETER Folder
    Where the results of measure.ps1 are.
.PARAMETER Destination
    Where the copy is written; what is there already is replaced.
.PARAMETER Wait
    The most seconds to wait for results that other machines have written and this one does not see yet.
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
    [string] $Destination,

    [int] $Wait = 60
)

$ErrorActionPreference = 'Stop'
try {
    Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Verbose:$false
    $parts = Join-Path ([wildcardpattern]::Escape($Folder)) part-*.safetensors
    Merge-BnStat $parts -Wait $Wait -Verbose | Set-BnStat $Model -Destination $Destination -Force -PassThru
}
catch {
    $Host.UI.WriteErrorLine($_.Exception.Message)
    exit ($_.Exception.IsTransient ? 75 : 65)
}
