<#
.SYNOPSIS
    Measures one shard of some data into a file, or several into a file each; what any scheduler can run.
.DESCRIPTION
    It may be given again at any time, and by several machines at once: what is finished is left as it is, and what is not goes on
    from where it was. Asked to end by SIGTERM it saves its work. See about_PreciseBn_Schedulers.

    Exit codes: 0, the shards are measured; 75, give the same command again; 65, it would fail again.
.PARAMETER Model
    The model.
.PARAMETER Data
    All of the data, of which the shard is a part: a file of arrays, or a folder of images.
.PARAMETER Folder
    Where the results are written: part-3.safetensors is that of shard 3.
.PARAMETER Shard
    Which part of how many, such as 3/16, or which parts, such as 3..8/16.
.PARAMETER Key
    Which array of the file has the images.
.PARAMETER Mean
    What is subtracted from each channel, such as 0.485,0.456,0.406.
.PARAMETER StandardDeviation
    What each channel is then divided by.
.PARAMETER Size
    To what length the shorter side of images is resized.
.PARAMETER CropSize
    The side of the square that is then cut out of their middle.
.PARAMETER BatchSize
    Images in a batch.
.PARAMETER Iterations
    Batches of all shards together.
.PARAMETER Every
    After how many batches the work is saved each time.
.PARAMETER Threads
    The processors to use; without it all that the process is given.
.EXAMPLE
    ./measure.ps1 -Model model.pt -Data calibration.npz -Key images -Mean 0.1307 -StandardDeviation 0.3081 -Folder results -Shard 3/16
.EXAMPLE
    ./measure.ps1 -Model resnet.pt -Data photos -Size 256 -CropSize 224 -Mean 0.485,0.456,0.406 -StandardDeviation 0.229,0.224,0.225 -Folder results -Shard 17..32/1000
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
    [string[]] $Shard,

    [string] $Key,

    [string[]] $Mean,

    [string[]] $StandardDeviation,

    [int] $Size,

    [int] $CropSize,

    [int] $BatchSize,

    [int] $Iterations,

    [int] $Every = 20,

    [int] $Threads
)

$ErrorActionPreference = 'Stop'
try {
    Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Verbose:$false
    $reading, $measuring = @{}, @{}
    # From other shells a list comes as one text.
    foreach ($name in 'Mean', 'StandardDeviation') {
        if ($PSBoundParameters.ContainsKey($name)) {
            $reading[$name] = [double[]] ($PSBoundParameters[$name] -split ',')
        }
    }
    foreach ($name in 'Key', 'Size', 'CropSize', 'BatchSize') {
        if ($PSBoundParameters.ContainsKey($name)) {
            $reading[$name] = $PSBoundParameters[$name]
        }
    }
    foreach ($name in 'Iterations', 'Threads') {
        if ($PSBoundParameters.ContainsKey($name)) {
            $measuring[$name] = $PSBoundParameters[$name]
        }
    }
    $loader = New-BnDataLoader $Data @reading
    # One shard that fails leaves the others their turn.
    $null = Measure-BnStat $loader -LiteralPath $Model -Shard ($Shard -split ',\s*') -Checkpoint (Join-Path $Folder part-*.safetensors) -Every $Every @measuring `
        -Verbose -ErrorAction SilentlyContinue -ErrorVariable failures
}
catch {
    $failures = @($_)
}
foreach ($failure in $failures) {
    $Host.UI.WriteErrorLine($failure.Exception.Message)
}
if ($failures) {
    exit ($failures.Where({ -not $_.Exception.IsTransient }) ? 65 : 75)
}
