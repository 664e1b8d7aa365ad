<#
.SYNOPSIS
    Builds, tests, packages or cleans the module.
.DESCRIPTION
    Needs the .NET SDK. Tasks are done in the order in which they are given. build.sh does the same without PowerShell.
.PARAMETER Task
    What to do. Test runs the tests of the assemblies, and those of tests/Pester where Pester 5 or later is installed.
.PARAMETER TorchBackend
    The flavour of libtorch that goes into the module.
.PARAMETER Platform
    The platform that is packaged for; by default the one of this machine.
.EXAMPLE
    ./build.ps1 -Task Build, Test
.EXAMPLE
    ./build.ps1 -Task Package -Platform win-x64
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Package', 'Clean')]
    [string[]] $Task = 'Build',

    [ValidateSet('cpu', 'cuda-windows', 'cuda-linux')]
    [string] $TorchBackend = 'cpu',

    [ValidateSet('linux-x64', 'osx-arm64', 'win-x64')]
    [string] $Platform
)

$ErrorActionPreference = 'Stop'
$solution = Join-Path $PSScriptRoot 'PreciseBn.PowerShell.sln'
$options = '-c', 'Release', '--nologo', "-p:TorchBackend=$TorchBackend"

function Invoke-Dotnet {
    dotnet @args
    if ($LASTEXITCODE -ne 0) {
        throw "dotnet $($args[0]) failed with exit code $LASTEXITCODE."
    }
}

function Invoke-PesterTest {
    if (-not (Get-Module -ListAvailable Pester | Where-Object Version -GE '5.0')) {
        Write-Warning 'The Pester tests were left out, as Pester 5 or later is not installed.'
        return
    }
    $configuration = New-PesterConfiguration
    $configuration.Run.Path = Join-Path $PSScriptRoot 'tests/Pester'
    $configuration.Run.Throw = $true
    Invoke-Pester -Configuration $configuration
}

switch ($Task) {
    'Build' { Invoke-Dotnet build $solution @options }
    'Test' {
        Invoke-Dotnet test $solution @options
        Invoke-PesterTest
    }
    'Package' {
        $for = if ($Platform) { '-r', $Platform } else { @() }
        $work = Join-Path $PSScriptRoot 'artifacts/build'
        Invoke-Dotnet pack (Join-Path $PSScriptRoot 'src/PreciseBn.PowerShell') @options @for --artifacts-path $work
    }
    'Clean' { Invoke-Dotnet build $solution @options -t:Clean }
}
