<#
.SYNOPSIS
    Recomputes BatchNorm statistics on several machines, each on a shard of the data.
.DESCRIPTION
    The module, the model and the data are at the same paths on all machines. They are reached by SSH; for WinRM give
    -ComputerName instead of -HostName to New-PSSession.
.PARAMETER HostName
    The machines, as ssh knows them.
.PARAMETER Module
    The manifest of the module on all of them.
.PARAMETER Model
    The model; the new statistics go into a copy of the one on this machine.
.PARAMETER Data
    All of the data, which are divided among them: a file of arrays, or a folder of images.
.PARAMETER Loader
    How the data are read: parameters of New-BnDataLoader.
.PARAMETER Measure
    How the statistics are measured: parameters of Measure-BnStat, such as Iterations.
.PARAMETER Destination
    Where that copy is written; nothing may be there yet.
.PARAMETER Connection
    What else New-PSSession needs to reach them, such as UserName, Port, KeyFilePath and Options.
.EXAMPLE
    ./remoting.ps1 -HostName node1, node2 -Module /opt/PreciseBn/PreciseBn.psd1 -Model /data/model.pt -Data /data/calibration.npz -Loader @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 } -Destination model.precise.pt
.EXAMPLE
    ./remoting.ps1 -HostName node1, node2 -Connection @{ UserName = 'me'; Port = 2222; KeyFilePath = '~/.ssh/cluster' } -Module /opt/PreciseBn/PreciseBn.psd1 -Model /data/model.pt -Data /data/calibration.npz -Loader @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 } -Destination model.precise.pt
#>
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', '', Justification = 'The script block on the other machines uses them.')]
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string[]] $HostName,

    [Parameter(Mandatory)]
    [string] $Module,

    [Parameter(Mandatory)]
    [string] $Model,

    [Parameter(Mandatory)]
    [string] $Data,

    [hashtable] $Loader = @{},

    [hashtable] $Measure = @{},

    [Parameter(Mandatory)]
    [string] $Destination,

    [hashtable] $Connection = @{}
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Verbose:$false
# Fails before any machine measures, if a file is there already or none can be written.
New-Item $Destination -ItemType File | Remove-Item

$sessions = @()
try {
    foreach ($name in $HostName) {
        $sessions += New-PSSession -HostName $name @Connection
    }
    $count = $sessions.Count
    $jobs = foreach ($index in 1..$count) {
        Invoke-Command -Session $sessions[$index - 1] -AsJob {
            $ErrorActionPreference = 'Stop'
            Import-Module $using:Module
            $batches = New-BnDataLoader $using:Data @using:Loader
            Get-BnModule $using:Model | Measure-BnStat -Data $batches -Shard "$using:index/$using:count" @using:Measure
        }
    }
    $jobs | Receive-Job -Wait -AutoRemoveJob | Merge-BnStat | Set-BnStat $Model -Destination $Destination -PassThru
}
finally {
    $sessions | Remove-PSSession
}
