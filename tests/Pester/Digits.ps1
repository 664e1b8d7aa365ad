<#
.SYNOPSIS
    What the tests share: a session as it comes, the module, the digits network, its data, and what its statistics are.
.DESCRIPTION
    To be dot-sourced in BeforeAll, so that what it sets holds for the tests of a file, whatever their caller prefers.
#>
$ErrorActionPreference = 'Continue'
$WarningPreference = 'Continue'
$InformationPreference = 'SilentlyContinue'
$VerbosePreference = 'SilentlyContinue'
$DebugPreference = 'SilentlyContinue'
$ProgressPreference = 'Continue'
$ConfirmPreference = 'High'
$WhatIfPreference = $false
$PSNativeCommandUseErrorActionPreference = $false
$PSDefaultParameterValues = @{}
Set-StrictMode -Off
[cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture

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

# A copy of a TorchScript model, with another text in its code.
function Copy-ChangedModel {
    param([string] $Name, [string] $As, [string] $Text, [string] $Replacement)
    $work = Join-Path $TestDrive 'changed'
    Copy-Item (Get-Fixture $Name) "$work.zip"
    Expand-Archive "$work.zip" $work
    foreach ($code in Get-ChildItem $work *.py -Recurse) {
        (Get-Content $code -Raw).Replace($Text, $Replacement) | Set-Content $code -NoNewline
    }
    $copy = Join-Path $TestDrive $As
    Compress-Archive "$work/*" "$work.zip" -CompressionLevel NoCompression -Force
    Move-Item "$work.zip" $copy
    Remove-Item $work -Recurse -Force
    $copy
}

# How images of digits are read.
function Get-DigitsOption {
    @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 }
}

# The images that statistics are measured on, in the order in which the references were computed.
function Get-Calibration {
    param([hashtable] $Option = @{})
    $read = (Get-DigitsOption) + @{ Order = 'Sequential' }
    foreach ($name in $Option.Keys) {
        $read[$name] = $Option[$name]
    }
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

# The lines that a command tells with -Verbose.
function Get-VerboseLine {
    param([scriptblock] $Command)
    & $Command 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | ForEach-Object Message
}

# Runs what cannot be done, and sees that it leaves one error, which can be told from others and says what to do. A target that has
# to be found first is given as a script.
function Assert-Mistake {
    param([scriptblock] $Command, [string] $ErrorId, [string] $Category, $Target)
    $failures = @(try { & $Command 2>&1 | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] } } catch { $_ })
    $failures | Should -HaveCount 1
    $failure = $failures[0]
    $failure.FullyQualifiedErrorId | Should -Be $ErrorId
    $failure.CategoryInfo.Category | Should -Be $Category
    "$failure" | Should -Match '\.$'
    "$failure" | Should -Not -Match '(?m)^ +at '
    $expected = if ($Target -is [scriptblock]) { & $Target } else { $Target }
    if ($expected -is [string] -or $expected -is [valuetype]) {
        $failure.TargetObject | Should -BeExactly $expected
    }
    else {
        [object]::ReferenceEquals($failure.TargetObject.PSObject.BaseObject, $expected.PSObject.BaseObject) | Should -BeTrue -Because 'the target is the very object that was given'
    }
}

# Runs a script in a new process, which has the module and starts in a folder, and gives what came of it.
function Invoke-PowerShell {
    param([scriptblock] $Script, [string[]] $ArgumentList = @(), [string] $Folder = $TestDrive, [hashtable] $Environment = @{ NO_COLOR = $null })
    $shell = [Environment]::ProcessPath
    $engine = @(if ((Split-Path $shell -LeafBase) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' })
    $module = (Resolve-Path "$PSScriptRoot/../../PreciseBn.psd1").ProviderPath.Replace("'", "''")
    $before = @{}
    foreach ($name in $Environment.Keys) {
        $before[$name] = (Get-Item "Env:$name" -ErrorAction Ignore).Value
        Set-Item "Env:$name" $Environment[$name]
    }
    Push-Location -LiteralPath $Folder
    try {
        $lines = & $shell @engine -NoProfile -NonInteractive -CommandWithArgs "Import-Module '$module'; $Script" @ArgumentList 2>&1
        $errors, $output = $lines.Where({ $_ -is [System.Management.Automation.ErrorRecord] }, 'Split')
        [pscustomobject]@{ ExitCode = $LASTEXITCODE; Output = $output; Errors = $errors.ForEach({ "$_" }) }
    }
    finally {
        Pop-Location
        foreach ($name in $before.Keys) {
            Set-Item "Env:$name" $before[$name]
        }
    }
}
