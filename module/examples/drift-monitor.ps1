<#
.SYNOPSIS
    Tells whether the data of the day still give the BatchNorm statistics that a model was deployed with.
.DESCRIPTION
    Runs the day's data through the model, appends a line for each layer to a CSV file, and exits 1 if a layer has drifted, 0
    if none has. Meant to be run once a day by Task Scheduler, cron or a CI job, which see the exit code:

        0 6 * * * pwsh -File drift-monitor.ps1 -Model /srv/model.pt -Data /srv/today.npz -Log /srv/drift.csv

    The data are a sample, and only changes that its sampling error does not explain count. It runs in PowerShell and in the
    module's own host.
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

$verdicts = Test-BnStat $Model -Data (New-BnDataLoader $Data @Loader) @Threshold -PassThru

$columns = 'Name', 'MeanShift', 'LeastMeanShift', 'VarianceRatio', 'LeastVarianceRatio', 'Divergence', 'LeastDivergence', 'Passed'
$date = [DateTime]::UtcNow.ToString('yyyy-MM-dd')
$file = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Log)
$lines = @(
    if (-not [System.IO.File]::Exists($file)) {
        (@('Date') + $columns) -join ','
    }
    foreach ($verdict in $verdicts) {
        $values = foreach ($column in $columns) { $verdict.$column }
        # Names of layers have no comma; numbers are written with a point, whatever the language of the machine.
        (@($date) + $values).ForEach({ [string]::Format([cultureinfo]::InvariantCulture, '{0}', $_) }) -join ','
    }
)
[System.IO.File]::AppendAllLines($file, [string[]]$lines)

$drifted = @($verdicts | Where-Object { -not $_.Passed })
foreach ($verdict in $drifted) {
    $PSCmdlet.WriteWarning("$($verdict.Name): $($verdict.Reason)")
}
exit [int]($drifted.Count -gt 0)
