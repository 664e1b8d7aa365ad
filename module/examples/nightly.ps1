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

    It runs in PowerShell and in the module's own host.
.PARAMETER Model
    The model as it is deployed.
.PARAMETER Data
    What the statistics are measured on: a file of arrays, or a folder of images.
.PARAMETER Holdout
    What they are tested on: data of the same kind that are not among the others.
.PARAMETER Loader
    How both are read: parameters of New-BnDataLoader.
.PARAMETER LabelKey
    The array of -Holdout with the classes; without it accuracy is not tested. See accuracy.ps1.
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
$file = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Model)
# The backup is made beside the file itself.
if ([System.IO.File]::Exists($file) -and ($target = [System.IO.File]::ResolveLinkTarget($file, $true))) {
    $file = $target.FullName
}

$labelled = @{ Model = $file; Data = $Holdout; Loader = $Loader; LabelKey = $LabelKey }

# Backups of earlier nights stay; the new one is the one that was not there.
function Get-Backup {
    [System.IO.Directory]::GetFiles([System.IO.Path]::GetDirectoryName($file), "$([System.IO.Path]::GetFileName($file)).bak*")
}

# One rename, so that whoever opens the model finds either file whole.
function Restore-Model {
    $backup = (Get-Backup).Where({ $_ -notin $earlier })[0]
    [System.IO.File]::Move($backup, $file, $true)
    $PSCmdlet.WriteWarning("'$file' is what it was before.")
}

$isReplaced = $false
try {
    $earlier = @(Get-Backup)
    $before = if ($LabelKey) { & "$PSScriptRoot/accuracy.ps1" @labelled }
    $stats = @(Get-BnModule -LiteralPath $file | Update-BnStat (New-BnDataLoader $Data @Loader) -Backup)
    if (-not $stats) {
        throw "'$file' has no BatchNorm layer to recompute."
    }
    $isReplaced = $true
    $verdicts = Test-BnStat $file -Data (New-BnDataLoader $Holdout @Loader) @Threshold -PassThru
    $after = if ($LabelKey) { & "$PSScriptRoot/accuracy.ps1" @labelled }
}
catch {
    if ($isReplaced) {
        Restore-Model
    }
    $PSCmdlet.WriteWarning("$_")
    exit 2
}

$reasons = @(
    foreach ($verdict in $verdicts.Where({ -not $_.Passed })) { "$($verdict.Name): $($verdict.Reason)" }
    if ($before - $after -gt $AccuracyLoss) { 'The accuracy fell from {0:0.0 %} to {1:0.0 %}.' -f $before, $after }
)
[pscustomobject]@{
    Model          = $file
    Passed         = $reasons.Count -eq 0
    Reasons        = $reasons
    Layers         = $stats.Count
    Batches        = [System.Linq.Enumerable]::Max([long[]]$stats.Batches)
    AccuracyBefore = $before
    AccuracyAfter  = $after
}
if ($reasons) {
    Restore-Model
}
exit [int]($reasons.Count -gt 0)
