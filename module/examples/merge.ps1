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
.PARAMETER Shards
    Into how many shards the data were divided; with it all of them are named if none has come.
.PARAMETER Wait
    The most seconds to wait for results that other machines have written and this one does not see yet.
.EXAMPLE
    ./merge.ps1 -Model model.pt -Folder results -Destination results/model.pt -Shards 16
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string] $Model,

    [Parameter(Mandatory)]
    [string] $Folder,

    [Parameter(Mandatory)]
    [string] $Destination,

    [int] $Shards,

    [int] $Wait = 60
)

$ErrorActionPreference = 'Stop'
try {
    Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Verbose:$false
    $parts = Join-Path ([wildcardpattern]::Escape($Folder)) part-*.safetensors
    $count = @{}
    if ($PSBoundParameters.ContainsKey('Shards')) {
        $count.ShardCount = $Shards
    }
    Merge-BnStat $parts @count -Wait $Wait -Verbose | Set-BnStat $Model -Destination $Destination -Force -PassThru
}
catch {
    $Host.UI.WriteErrorLine($_.Exception.Message)
    if ($_.FullyQualifiedErrorId -like 'ShardsMissing,*') {
        $Host.UI.WriteErrorLine('Give measure.ps1 these shards with -Shard and all else as before, and then this command again.')
    }
    exit ($_.Exception.IsTransient ? 75 : 65)
}
