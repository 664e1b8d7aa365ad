<#
.SYNOPSIS
    Recomputes the BatchNorm statistics of a small network for handwritten digits and shows what that does to its accuracy.
.DESCRIPTION
    The weights of the network are an average over the end of its training, so that the statistics it was saved with belong
    to none of them. The original is left alone; the result is digits.precise.pt in another folder.
.PARAMETER Fixtures
    The folder with the model and the data.
.PARAMETER Folder
    The folder to write to; by default that for temporary files.
.EXAMPLE
    ./digits.ps1
.EXAMPLE
    ./digits.ps1 -Fixtures ../../tests/fixtures -Folder ~/results
#>
[CmdletBinding()]
param(
    [string] $Fixtures = "$PSScriptRoot/../../tests/fixtures",

    [string] $Folder = 'Temp:'
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Verbose:$false
$images = @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 }

$model = "$Fixtures/digits.scripted.pt"
$precise = Join-Path $Folder digits.precise.pt

Get-BnModule $model | Out-Default

$loader = New-BnDataLoader "$Fixtures/digits.calibration.npz" @images -BatchSize 32
Get-BnModule $model | Update-BnStat -Data $loader -Iterations 50 -Destination $precise -Force | Out-Default

Compare-BnStat $model $precise | Out-Default

$test = New-BnDataLoader "$Fixtures/digits.test.npz" @images -LabelKey labels
Measure-BnAccuracy -LiteralPath $model, $precise -Data $test
