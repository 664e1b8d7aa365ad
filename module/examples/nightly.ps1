<#
.SYNOPSIS
    Recomputes the BatchNorm statistics of a model in operation, and takes that back if the result does not pass.
.DESCRIPTION
    Writes new statistics into the model and keeps the old file as a backup (.bak, then .bak.1 and so on; remove those that are
    not needed any more). The result must pass two gates on data that
    it was not measured on: no layer's statistics may differ from those of these data by more than Test-BnStat allows, and with
    -LabelKey no more items than -AccuracyLoss may be put into a wrong class that were not before. If it does not pass, or
    if anything fails, the old file is put back.

    Returns one object that tells what was measured, and exits with a code that Task Scheduler, cron or a CI job sees:

        0   the new statistics are in place
        1   they did not pass, and the old file is back
        2   something failed, and the model is what it was

        0 3 * * * pwsh -File nightly.ps1 -Model /srv/model.pt -Data /srv/last-week.npz -Holdout /srv/labelled.npz
.PARAMETER Model
    The model as it is deployed.
.PARAMETER Data
    What the statistics are measured on: a file of arrays, or a folder of images.
.PARAMETER Holdout
    What they are tested on: data of the same kind that are not among the others.
.PARAMETER Loader
    How both are read: parameters of New-BnDataLoader.
.PARAMETER LabelKey
    The array of -Holdout with the classes; without it accuracy is not tested. See Measure-BnAccuracy.
.PARAMETER AccuracyLoss
    By how much the accuracy may fall, as a part of all items.
.PARAMETER Threshold
    How far statistics may be from those of -Holdout: parameters of Test-BnStat, such as MeanShift.
.EXAMPLE
    ./nightly.ps1 -Model model.pt -Data calibration.npz -Holdout test.npz -LabelKey labels -Loader @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 }
.EXAMPLE
    ./nightly.ps1 -Model model.pt -Data last-week -Holdout today -Threshold @{ MeanShift = 0.1 } -Verbose

    With folders of images, tested for drift only.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string] $Model,

    [Parameter(Mandatory)]
    [string] $Data,

    [Parameter(Mandatory)]
    [string] $Holdout,

    [hashtable] $Loader = @{},

    [string] $LabelKey,

    [ValidateRange(0, 1)]
    [double] $AccuracyLoss = 0.005,

    [hashtable] $Threshold = @{}
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Verbose:$false

# Backups of earlier nights stay, and the new one gets a number.
function Get-Backup {
    Get-ChildItem -LiteralPath (Split-Path $file) -Filter "$(Split-Path $file -Leaf).bak*" -Force | Select-Object -ExpandProperty FullName
}

$isReplaced = $false
$isGood = $false
$batches = $tests = $null
try {
    # The backup is made beside the file itself.
    $file = (Get-Item -LiteralPath $Model -Force).ResolvedTarget
    $labels = if ($LabelKey) { @{ LabelKey = $LabelKey } } else { @{} }
    $earlier = @(Get-Backup)
    $tests = New-BnDataLoader $Holdout @Loader @labels
    $before = if ($LabelKey) { (Measure-BnAccuracy -LiteralPath $file -Data $tests).Top1 }
    $batches = New-BnDataLoader $Data @Loader
    $stats = Get-BnModule -LiteralPath $file | Update-BnStat $batches -Backup
    if (-not $stats) {
        throw "'$file' has no BatchNorm layer to recompute."
    }
    $isReplaced = $true
    $verdicts = Test-BnStat $file -Data $tests @Threshold -PassThru
    $after = if ($LabelKey) { (Measure-BnAccuracy -LiteralPath $file -Data $tests).Top1 }

    $reasons = @(
        $verdicts | Where-Object Passed -EQ $false | ForEach-Object { "$($_.Name): $($_.Reason)" }
        if ($before - $after -gt $AccuracyLoss) { 'The accuracy fell from {0:0.0 %} to {1:0.0 %}.' -f $before, $after }
    )
    $isGood = $reasons.Count -eq 0
}
catch {
    Write-Warning "$_"
    exit 2
}
finally {
    # After Ctrl+C too. One rename, so that whoever opens the model finds either file whole; Move-Item would delete one first.
    if ($isReplaced -and -not $isGood) {
        $backup = Get-Backup | Where-Object { $_ -notin $earlier }
        [System.IO.File]::Move($backup, $file, $true)
        Write-Warning "'$file' is what it was before."
    }
    # Files that a loader holds open cannot be replaced on Windows, and tomorrow's data may have the same names.
    foreach ($opened in $batches, $tests) {
        if ($opened) { $opened.Dispose() }
    }
}

[pscustomobject]@{
    Model          = $file
    Passed         = $isGood
    Reasons        = $reasons
    Layers         = @($stats).Count
    Batches        = [long] ($stats | Measure-Object Batches -Maximum).Maximum
    AccuracyBefore = $before
    AccuracyAfter  = $after
}
exit [int](-not $isGood)
