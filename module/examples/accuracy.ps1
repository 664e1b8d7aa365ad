<#
.SYNOPSIS
    Tells which part of labelled data a model puts into the right class.
.DESCRIPTION
    Runs a TorchScript model in evaluation mode on all the data, and takes the class with the largest output. The other
    examples use it to show, or to test, what new statistics do to a model.
.PARAMETER Model
    The model; its one input is a batch of items, its output the score of each class.
.PARAMETER Data
    A file of arrays with the items and their classes.
.PARAMETER Loader
    How the items are read: parameters of New-BnDataLoader, such as Key and Mean.
.PARAMETER LabelKey
    The array with the classes: whole numbers of 32 or 64 bits that count from 0.
.OUTPUTS
    System.Double. The part that is right, from 0 to 1.
.EXAMPLE
    ./accuracy.ps1 -Model model.pt -Data test.npz -Loader @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 }
#>
[CmdletBinding()]
[OutputType([double])]
param(
    [Parameter(Mandatory)]
    [string] $Model,

    [Parameter(Mandatory)]
    [string] $Data,

    [Parameter(Mandatory)]
    [hashtable] $Loader,

    [string] $LabelKey = 'labels'
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Verbose:$false
$options = $Loader.Clone()
$options.Key = @($Loader.Key) + $LabelKey
$batches = New-BnDataLoader $Data @options
$path = Convert-Path -LiteralPath $Model

$inference = [TorchSharp.torch]::inference_mode()
$network = [TorchSharp.torch+jit]::load($path)
try {
    $network.eval()
    $right = $items = 0
    foreach ($batch in $batches.Read()) {
        $answers = $network.forward($batch.Inputs[0])
        $right += $answers.argmax(1).eq($batch.Inputs[1]).sum().item[long]()
        $items += $batch.Inputs[1].numel()
        $answers.Dispose()
        $batch.Dispose()
    }
    $right / $items
}
finally {
    $network.Dispose()
    $batches.Dispose()
    $inference.Dispose()
}
