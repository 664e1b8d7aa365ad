# Compares what the jobs merged with a single run over the same batches, the first of all first, as means are counted from there. The
# batches have two images, as a single one is one value of each channel in the last layer.
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
$iterations = $merged[0].Batches

# With one thread, as in the jobs: with more, sums of float32 inside the model are added up in another order.
$pairs = New-BnDataLoader $Data -BatchSize 2 -Key images -Mean 0.1307 -StandardDeviation 0.3081
$batches = @(foreach ($shard in 1..$shards) {
        $share = [PreciseBn.Batches.DataShard]::Parse("$shard/$shards")
        $pairs.Shard($share, 0, $share.Share($iterations)).Read([Threading.CancellationToken]::None).Inputs
    })
$single = Measure-BnStat $batches $Model -Iterations $iterations -Threads 1 | Merge-BnStat
$worst = Get-Distance $single $merged
if (-not ($worst -le 1e-12)) {
    throw "The merged statistics are $worst from those of a single run."
}

$alone = Join-Path $Folder single.pt
$single | Set-BnStat $Model -Destination $alone
if (Compare-BnStat $alone (Join-Path $Folder (Split-Path $Model -Leaf)) | Where-Object MeanShift -GT 1e-6) {
    throw 'The job that merges wrote something else.'
}
"$iterations batches in $shards shards: at most $worst from a single run."
