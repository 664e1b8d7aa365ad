<#
.SYNOPSIS
    Trains a TorchSharp model for a few steps, and recomputes its BatchNorm statistics in memory.
.DESCRIPTION
    The model is of a class in an assembly of yours, or a small network that is built here. While the weights still move fast,
    the running statistics lag behind them; the accuracy before and after shows what that costs. No file is written.
.PARAMETER Assembly
    A .NET assembly with the model, built against the version of TorchSharp that this module has.
.PARAMETER TypeName
    The class of the model in it: a Module<Tensor, Tensor> that has a constructor without parameters, and takes images [N, 1,
    28, 28] to scores of 10 classes.
.PARAMETER Steps
    For how many batches of 32 images it is trained.
.PARAMETER Fixtures
    The folder with the data.
.EXAMPLE
    ./live-model.ps1
.EXAMPLE
    ./live-model.ps1 -Assembly bin/Release/net10.0/MyModels.dll -TypeName MyModels.DigitNet -Steps 50
#>
[CmdletBinding(DefaultParameterSetName = 'Built')]
param(
    [Parameter(Mandatory, ParameterSetName = 'Assembly')]
    [string] $Assembly,

    [Parameter(Mandatory, ParameterSetName = 'Assembly')]
    [string] $TypeName,

    [ValidateRange(1, 50)]
    [int] $Steps = 10,

    [string] $Fixtures = "$PSScriptRoot/../../tests/fixtures"
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Verbose:$false
$images = @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 }
$labelled = @{ Key = 'images', 'labels'; Mean = 0.1307; StandardDeviation = 0.3081 }

function Import-Network {
    param($Assembly, $TypeName)
    $class = Add-Type -LiteralPath $Assembly -PassThru | Where-Object FullName -EQ $TypeName
    if (-not $class) {
        throw "There is no class '$TypeName' in '$Assembly'."
    }
    $class::new()
}

function Get-SmallNetwork {
    [TorchSharp.torch+nn]::Sequential(
        [TorchSharp.torch+nn]::Conv2d(1, 16, 3, 2),
        [TorchSharp.torch+nn]::BatchNorm2d(16),
        [TorchSharp.torch+nn]::ReLU(),
        [TorchSharp.torch+nn]::Conv2d(16, 32, 3, 2),
        [TorchSharp.torch+nn]::BatchNorm2d(32),
        [TorchSharp.torch+nn]::ReLU(),
        [TorchSharp.torch+nn]::Flatten(),
        [TorchSharp.torch+nn]::Linear(1152, 10))
}

function Invoke-Training {
    param($Network, $Loader, $Steps)
    $optimizer = [TorchSharp.torch+optim]::SGD($Network.parameters(), 0.1)
    $step = 0
    foreach ($batch in $Loader.Read()) {
        if (++$step -gt $Steps) {
            break
        }
        $optimizer.zero_grad()
        $loss = [TorchSharp.torch+nn+functional]::cross_entropy($Network.forward($batch.Inputs[0]), $batch.Inputs[1])
        $loss.backward()
        $null = $optimizer.step()
        $batch.Dispose()
    }
}

function Get-AccuracyText {
    param($Network, $Loader)
    '{0:0.0} %' -f (100 * (Get-BnModule -Model $Network | Measure-BnAccuracy -Data $Loader).Top1)
}

$null = [TorchSharp.torch]::manual_seed(0)
$network = if ($Assembly) { Import-Network $Assembly $TypeName } else { Get-SmallNetwork }
$network.train()
Invoke-Training -Network $network -Loader (New-BnDataLoader "$Fixtures/digits.calibration.npz" @labelled) -Steps $Steps

$test = New-BnDataLoader "$Fixtures/digits.test.npz" @images -LabelKey labels -BatchSize 250
$before = Get-AccuracyText $network $test
Get-BnModule -Model $network | Update-BnStat (New-BnDataLoader "$Fixtures/digits.calibration.npz" @images) | Out-Default

"Accuracy on $($test.Count) test images with running statistics: $before"
"Accuracy on $($test.Count) test images with precise statistics: $(Get-AccuracyText $network $test)"
