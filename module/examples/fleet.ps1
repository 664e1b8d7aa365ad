<#
.SYNOPSIS
    Recomputes the BatchNorm statistics of all models in a folder; one that fails does not keep the others from it.
.DESCRIPTION
    Returns an object for each model, with what was done or what went wrong, and exits 1 if a model failed, 0 if none did.
    Models without BatchNorm are no failures. The models themselves are changed, and the old files kept with .bak (or .bak.1
    and so on) appended to their names, unless a folder is given for the results.
.PARAMETER Folder
    The folder with the models.
.PARAMETER Filter
    Which files of it are models.
.PARAMETER Data
    What all of them are run on: a file of arrays, or a folder of images.
.PARAMETER Loader
    How the data are read: parameters of New-BnDataLoader.
.PARAMETER Update
    How the statistics are recomputed: parameters of Update-BnStat, such as Iterations, Tolerance or Exact.
.PARAMETER Labelled
    Data with labels, read like the others: the accuracy before and after is told for each model.
.PARAMETER LabelKey
    The array of -Labelled with the classes; of folders of images the folders are the classes.
.PARAMETER Destination
    A folder for the results; the models stay as they are.
.EXAMPLE
    ./fleet.ps1 -Folder /srv/models -Data calibration.npz -Loader @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 }
.EXAMPLE
    ./fleet.ps1 -Folder . -Filter *.pt2 -Data photos -Update @{ Tolerance = 0.02 } -Labelled classes -Destination new | Export-Csv summary.csv
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string] $Folder,

    [string] $Filter = '*.pt',

    [Parameter(Mandatory)]
    [string] $Data,

    [hashtable] $Loader = @{},

    [hashtable] $Update = @{},

    [string] $Labelled,

    [string] $LabelKey,

    [string] $Destination
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Verbose:$false

$options = $Update.Clone()
if ($Destination) {
    $options.Destination = (New-Item $Destination -ItemType Directory -Force).FullName
    $options.Force = $true
}
else {
    $options.Backup = $true
}
$batches = New-BnDataLoader $Data @Loader
$tests = if ($Labelled) { New-BnDataLoader $Labelled @Loader }
$labels = if ($LabelKey) { @{ LabelKey = $LabelKey } } else { @{} }
$failed = 0

foreach ($file in Get-ChildItem -LiteralPath $Folder -Filter $Filter -File) {
    $result = [ordered]@{ Model = $file.Name; Result = 'NoBatchNorm'; Layers = 0; Batches = 0; MeanShift = $null; VarianceRatio = $null; Before = $null; After = $null; Reason = '' }
    try {
        $layers = $file | Get-BnModule
        if ($layers) {
            $result.Before = if ($tests) { (Measure-BnAccuracy -LiteralPath $file.FullName -Data $tests @labels).Top1 }
            $stats = $layers | Update-BnStat $batches @options
            $most = $stats | Measure-Object Batches, MeanShift, VarianceRatio -Maximum
            $result.Result = 'Recomputed'
            $result.Layers = @($stats).Count
            $result.Batches = [long] $most[0].Maximum
            $result.MeanShift, $result.VarianceRatio = $most[1, 2].Maximum
            $result.After = if ($tests) { (Measure-BnAccuracy -LiteralPath $stats[0].Path -Data $tests @labels).Top1 }
        }
    }
    catch {
        $failed++
        $result.Result = 'Failed'
        $result.Reason = "$_"
    }
    [pscustomobject] $result
}
exit [int]($failed -gt 0)
