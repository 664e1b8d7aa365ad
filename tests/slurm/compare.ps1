# Compares what the jobs merged with the same shards measured here without a break, and with a single run over the same
# batches, the last first. A shard has every n-th image, and its batches have two of them, as a single image is one value of
# each channel in the last layer.
param(
    [string] $Model,
    [string] $Data,
    [string] $Folder
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../PreciseBn.psd1"

# The largest difference of two results, of means in standard deviations and of variances in parts of themselves.
function Get-Distance($One, $Other) {
    $distances = foreach ($layer in 0..($One.Count - 1)) {
        $first, $second = $One[$layer], $Other[$layer]
        if ($first.Batches -ne $second.Batches) {
            throw "The layer '$($first.Name)' has $($second.Batches) batches rather than $($first.Batches)."
        }
        foreach ($channel in 0..($first.Channels - 1)) {
            [math]::Abs($second.Mean[$channel] - $first.Mean[$channel]) / [math]::Sqrt($first.Variance[$channel])
            [math]::Abs($second.Variance[$channel] - $first.Variance[$channel]) / $first.Variance[$channel]
        }
    }
    ($distances | Measure-Object -Maximum).Maximum
}

$parts = Get-ChildItem $Folder -Filter part-*.safetensors
$shards = $parts.Count
$merged = $parts | Merge-BnStat

$scale = @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 }
$pairs = New-BnDataLoader $Data -BatchSize 2 @scale
$unbroken = 1..$shards | ForEach-Object { Get-BnModule $Model | Measure-BnStat -Data $pairs -Shard "$_/$shards" } | Merge-BnStat
$worst = Get-Distance $unbroken $merged
if (-not ($worst -le 1e-12)) {
    throw "The merged statistics are $worst from those of shards without a break."
}

$loader = New-BnDataLoader $Data -BatchSize 1 @scale
$images = @(foreach ($batch in $loader.Read()) { $batch.Inputs[0] })
$batches = @(foreach ($shard in 0..($shards - 1)) {
        for ($image = $shard; $image + $shards -lt $images.Count; $image += 2 * $shards) {
            [TorchSharp.torch]::cat(@($images[$image], $images[$image + $shards]), 0)
        }
    })
[array]::Reverse($batches)
$single = Get-BnModule $Model | Measure-BnStat -Data $batches -Iterations $batches.Count | Merge-BnStat
# The model computes in float32, and the last bit of a batch can depend on the batches before it.
$worst = Get-Distance $single $merged
if (-not ($worst -le 1e-6)) {
    throw "The merged statistics are $worst from those of a single run."
}

$alone = Join-Path $Folder single.pt
$single | Set-BnStat $Model -Destination $alone
if (Compare-BnStat $alone (Join-Path $Folder (Split-Path $Model -Leaf)) | Where-Object MeanShift -GT 1e-6) {
    throw 'The job that merges wrote something else.'
}
"$($batches.Count) batches in $shards shards: at most $worst from a single run."
