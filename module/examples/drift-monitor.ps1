<#
.SYNOPSIS
    Tells whether the data of the day still give the BatchNorm statistics that a model was deployed with.
.DESCRIPTION
    Runs the day's data through the model, appends a line for each layer to a CSV file, and exits 1 if a layer has drifted, 0
    if none has. Meant to be run once a day by Task Scheduler, cron or a CI job, which see the exit code:

        0 6 * * * pwsh -File drift-monitor.ps1 -Model /srv/model.pt -Data /srv/today.npz -Log /srv/drift.csv

    The data are a sample, and only changes that its sampling error does not explain count.
.PARAMETER Model
    The model as it is deployed.
.PARAMETER Data
    A file of arrays, or a folder of images, from the last day.
.PARAMETER Log
    The CSV file that lines are appended to.
.PARAMETER Loader
    How the data are read: parameters of New-BnDataLoader.
.PARAMETER Threshold
    What is allowed: parameters of Test-BnStat, such as MeanShift.
.EXAMPLE
    ./drift-monitor.ps1 -Model model.pt -Data today.npz -Log drift.csv -Loader @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 }
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string] $Model,

    [Parameter(Mandatory)]
    [string] $Data,

    [Parameter(Mandatory)]
    [string] $Log,

    [hashtable] $Loader = @{},

    [hashtable] $Threshold = @{}
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Verbose:$false

$verdicts = Test-BnStat $Model -Data (New-BnDataLoader $Data @Loader) @Threshold -PassThru

$columns = 'Name', 'MeanShift', 'LeastMeanShift', 'VarianceRatio', 'LeastVarianceRatio', 'Divergence', 'LeastDivergence', 'Passed'
$date = [datetime]::UtcNow.ToString('yyyy-MM-dd', [cultureinfo]::InvariantCulture)
$lines = foreach ($verdict in $verdicts) {
    $line = [ordered]@{ Date = $date }
    foreach ($column in $columns) {
        # A cast writes numbers with a point; Export-Csv writes them as the language of the machine has it.
        $line[$column] = [string] $verdict.$column
    }
    [pscustomobject] $line
}
$lines | Export-Csv -LiteralPath $Log -Append -UseQuotes AsNeeded

$drifted = @($verdicts | Where-Object Passed -EQ $false)
foreach ($verdict in $drifted) {
    Write-Warning "$($verdict.Name): $($verdict.Reason)"
}
exit [int]($drifted.Count -gt 0)
