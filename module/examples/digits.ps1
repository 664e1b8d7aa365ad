<#
.SYNOPSIS
    Recomputes the BatchNorm statistics of a small network for handwritten digits and shows what that does to its accuracy.
.DESCRIPTION
    The weights of the network are an average over the end of its training, so that the statistics it was saved with belong
    to none of them. The original is left alone; the result is written beside it, or to the folder that is given.
.EXAMPLE
    ./digits.ps1 -Fixtures ../../tests/fixtures -Folder ~/results
#>
param(
    # The folder with the model and the data.
    [string] $Fixtures = "$PSScriptRoot/../../tests/fixtures",

    # The folder to write to.
    [string] $Folder = [System.IO.Path]::GetTempPath()
)

$ErrorActionPreference = 'Stop'
$normalise = @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 }

function Measure-Accuracy {
    param([string] $Path)
    $images = New-BnDataLoader "$Fixtures/digits.test.npz" @normalise -BatchSize 1000
    $labels = New-BnDataLoader "$Fixtures/digits.test.npz" -Key labels -BatchSize 1000
    $model = [TorchSharp.torch+jit]::load($Path)
    $right = 0
    try {
        foreach ($batch in $images) {
            $answer = $model.forward($batch.Inputs[0]).argmax(1)
            foreach ($truth in $labels) {
                $right += $answer.eq($truth.Inputs[0]).sum().item[long]()
                $truth.Dispose()
            }
            $batch.Dispose()
        }
    }
    finally {
        $model.Dispose()
    }
    '{0:0.0} %' -f (100 * $right / $images.Count)
}

$model = "$Fixtures/digits.scripted.pt"
$precise = "$Folder/digits.precise.pt"

Get-BnModule $model | Out-Default

$loader = New-BnDataLoader "$Fixtures/digits.calibration.npz" @normalise -BatchSize 32
Get-BnModule $model | Update-BnStat -Data $loader -Iterations 50 -Destination $precise -Force | Out-Default

Compare-BnStat $model $precise | Out-Default

"Accuracy on 1000 test images before: $(Measure-Accuracy $model)"
"Accuracy on 1000 test images after:  $(Measure-Accuracy $precise)"
