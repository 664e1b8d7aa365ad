# Compares what the jobs merged with a single run over the same batches, each of one image, the last first.
param(
    [string] $Model,
    [string] $Data,
    [string] $Folder
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../PreciseBn.psd1"
$loader = New-BnDataLoader $Data -Key images -BatchSize 1 -Mean 0.1307 -StandardDeviation 0.3081
$batches = @(foreach ($batch in $loader) { $batch.Inputs[0] })
[array]::Reverse($batches)
$single = Get-BnModule $Model | Measure-BnStat -Data $batches -Iterations $batches.Count | Merge-BnStat
$parts = Get-ChildItem $Folder -Filter part-*.safetensors
$merged = $parts | Merge-BnStat

$distances = foreach ($layer in 0..($single.Count - 1)) {
    $one, $other = $single[$layer], $merged[$layer]
    if ($other.Batches -ne $batches.Count) {
        throw "The layer '$($other.Name)' has $($other.Batches) batches rather than $($batches.Count)."
    }
    foreach ($channel in 0..($one.Channels - 1)) {
        [math]::Abs($other.Mean[$channel] - $one.Mean[$channel]) / [math]::Sqrt($one.Variance[$channel])
        [math]::Abs($other.Variance[$channel] - $one.Variance[$channel]) / $one.Variance[$channel]
    }
}
$worst = ($distances | Measure-Object -Maximum).Maximum
if ($worst -gt 1e-12) {
    throw "The merged statistics are $worst from those of a single run."
}

$alone = Join-Path $Folder single.pt
$null = $single | Set-BnStat $Model -Destination $alone
if (Compare-BnStat $alone (Join-Path $Folder (Split-Path $Model -Leaf)) | Where-Object MeanShift -GT 1e-6) {
    throw 'The job that merges wrote something else.'
}
"$($batches.Count) batches in $($parts.Count) shards: at most $worst from a single run."
