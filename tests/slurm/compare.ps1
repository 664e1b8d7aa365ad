# Compares what the jobs merged with a single run over the same batches, in another order.
param(
    [string] $Model,
    [string] $Data,
    [string] $Folder,
    [int] $Shards,
    [int] $BatchSize
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../PreciseBn.psd1"
$loader = New-BnDataLoader $Data -Key images -BatchSize $BatchSize -Mean 0.1307 -StandardDeviation 0.3081
$batches = foreach ($shard in $Shards..1) {
    foreach ($batch in $loader.Shard([PreciseBn.Data.DataShard]::Parse("$shard/$Shards"), 0, [long]::MaxValue).Read([System.Threading.CancellationToken]::None)) {
        $batch.Inputs[0]
    }
}
$single = Get-BnModule $Model | Measure-BnStat -Data $batches -Iterations $batches.Count | Merge-BnStat
$merged = Merge-BnStat "$Folder/part-*.safetensors"

$worst = 0.0
foreach ($layer in 0..($single.Count - 1)) {
    foreach ($channel in 0..($single[$layer].Channels - 1)) {
        $variance = $single[$layer].Variance[$channel]
        $ofMean = [Math]::Abs($merged[$layer].Mean[$channel] - $single[$layer].Mean[$channel]) / [Math]::Sqrt($variance)
        $ofVariance = [Math]::Abs($merged[$layer].Variance[$channel] - $variance) / $variance
        $worst = [Math]::Max($worst, [Math]::Max($ofMean, $ofVariance))
    }
    if ($merged[$layer].Batches -ne $batches.Count) {
        throw "The layer '$($merged[$layer].Name)' has $($merged[$layer].Batches) batches rather than $($batches.Count)."
    }
}
if ($worst -gt 1e-12) {
    throw "The merged statistics are $worst from those of a single run."
}
$null = $single | Set-BnStat $Model -Destination "$Folder/single.pt"
if ((Compare-BnStat "$Folder/single.pt" "$Folder/$([System.IO.Path]::GetFileName($Model))").MeanShift.Where({ $_ -gt 1e-6 })) {
    throw 'The job that merges wrote something else.'
}
"$($batches.Count) batches in $Shards shards: at most $worst from a single run."
