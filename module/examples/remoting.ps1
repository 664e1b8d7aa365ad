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
    The file of arrays that is divided among them.
.PARAMETER Destination
    Where that copy is written; nothing may be there yet.
.PARAMETER Connection
    What else New-PSSession needs to reach them, such as UserName, Port, KeyFilePath and Options.
.EXAMPLE
    ./remoting.ps1 -HostName node1, node2 -Module /opt/PreciseBn/PreciseBn.psd1 -Model /data/model.pt -Data /data/calibration.npz -Destination model.precise.pt
.EXAMPLE
    ./remoting.ps1 -HostName node1, node2 -Connection @{ UserName = 'me'; Port = 2222; KeyFilePath = '~/.ssh/cluster' } -Module /opt/PreciseBn/PreciseBn.psd1 -Model /data/model.pt -Data /data/calibration.npz -Destination model.precise.pt
#>
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', 'Data', Justification = 'The script block on the other machines uses it.')]
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
            $loader = New-BnDataLoader $using:Data -Key images -Mean 0.1307 -StandardDeviation 0.3081
            Get-BnModule $using:Model | Measure-BnStat -Data $loader -Shard "$using:index/$using:count"
        }
    }
    $jobs | Receive-Job -Wait -AutoRemoveJob | Merge-BnStat | Set-BnStat $Model -Destination $Destination -PassThru
}
finally {
    $sessions | Remove-PSSession
}
