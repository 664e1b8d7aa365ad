<#
.SYNOPSIS
    What the tests share: the module, the digits network, its data, and what its statistics are.
#>
Import-Module "$PSScriptRoot/../../PreciseBn.psd1"

# The path of a fixture.
function Get-Fixture {
    param([string] $Name)
    Join-Path $PSScriptRoot "../fixtures/$Name"
}

# A copy of a fixture that a test may change.
function Copy-Fixture {
    param([string] $Name, [string] $As = $Name)
    $copy = Join-Path $TestDrive $As
    Copy-Item (Get-Fixture $Name) $copy -Force
    $copy
}

# How images of digits are read.
function Get-DigitsOption {
    @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 }
}

# The images that statistics are measured on.
function Get-Calibration {
    param([hashtable] $Option = @{})
    $read = (Get-DigitsOption) + $Option
    New-BnDataLoader (Get-Fixture digits.calibration.npz) @read
}

# Means and variances of a layer for all calibration images, as float64 and fvcore give them.
function Get-ExpectedStat {
    param([string] $Name)
    $all = Get-Content (Get-Fixture digits.expected.json) -Raw | ConvertFrom-Json -AsHashtable
    [pscustomobject]@{
        Mean                = $all.exact_float64[$Name].mean
        Variance            = $all.exact_float64[$Name].var
        Count               = $all.exact_float64[$Name].count
        MeanOfBatchVariance = $all.fvcore.mean_of_batch_variance[$Name].var
    }
}

# The largest difference between two lists, relative to a scale for each element.
function Measure-Difference {
    param([double[]] $Actual, [double[]] $Expected, [double[]] $Scale = $Expected)
    (0..($Expected.Count - 1) | ForEach-Object { [math]::Abs($Actual[$_] - $Expected[$_]) / $Scale[$_] } | Measure-Object -Maximum).Maximum
}
