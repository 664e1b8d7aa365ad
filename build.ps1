<#
.SYNOPSIS
    Builds, shows, tests, packages or cleans the module.
.DESCRIPTION
    Needs the .NET SDK and nothing else: from Windows PowerShell, or a PowerShell that is too old, it goes on in the one that
    .config/dotnet-tools.json names. Tasks are done in the order in which they are given.
.PARAMETER Task
    What to do:

        Build     builds the module, to be imported by PreciseBn.psd1
        Demo      builds it, and recomputes the statistics of a network for handwritten digits
        Test      builds it and runs all tests
        Benchmark measures the time for a batch beside that of the bare forward pass, a plain port and, where Python has it, fvcore
        Package   makes the modules for a gallery, in artifacts/packages, and the library for .NET, in artifacts/library
        Clean     deletes what was built
.PARAMETER TorchBackend
    The flavour of libtorch that goes into the module; those for CUDA are each for one platform.
.PARAMETER Platform
    The platforms that are packaged for; by default all that the flavour is for.
.PARAMETER Quick
    Has Benchmark measure a few models, each shortly: some three minutes.
.EXAMPLE
    ./build.ps1 -Task Demo
.EXAMPLE
    ./build.ps1 -Task Build, Test
.EXAMPLE
    ./build.ps1 -Task Package -Platform win-x64, linux-x64
.EXAMPLE
    ./build.ps1 -Task Package -TorchBackend cuda-windows
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [Parameter(ValueFromRemainingArguments)]
    [ValidateSet('Build', 'Demo', 'Test', 'Benchmark', 'Package', 'Clean')]
    [string[]] $Task = 'Build',

    [ValidateSet('cpu', 'cuda-windows', 'cuda-linux')]
    [string] $TorchBackend = 'cpu',

    [ValidateSet('linux-x64', 'osx-arm64', 'win-x64')]
    [string[]] $Platform,

    [switch] $Quick
)

$ErrorActionPreference = 'Stop'
Push-Location $PSScriptRoot
try {
    # This much runs in Windows PowerShell 5.1 as well, which reads all of the script first.
    if ([version] "$($PSVersionTable.PSVersion)".Split('-')[0] -lt [version] '7.6') {
        $command = "& '$($PSCommandPath.Replace("'", "''"))' -Task $($Task -join ', ') -TorchBackend $TorchBackend"
        if ($Platform) {
            $command += " -Platform $($Platform -join ', ')"
        }
        if ($Quick) {
            $command += ' -Quick'
        }
        dotnet tool restore --verbosity quiet
        dotnet tool run pwsh -NoProfile -ExecutionPolicy Bypass -Command "$command; exit `$LASTEXITCODE"
        exit $LASTEXITCODE
    }

    $solution = 'PreciseBn.PowerShell.sln'
    $allPlatforms = switch ($TorchBackend) { 'cuda-windows' { 'win-x64' } 'cuda-linux' { 'linux-x64' } default { 'linux-x64', 'osx-arm64', 'win-x64' } }
    $options = '-c', 'Release', '--nologo', "-p:TorchBackend=$TorchBackend"

    function Invoke-Dotnet {
        dotnet @args
        if ($LASTEXITCODE -ne 0) {
            throw "dotnet $($args[0]) failed with exit code $LASTEXITCODE."
        }
    }

    # In a process of its own, which knows nothing of this session.
    function Invoke-Script {
        $shell = [Environment]::ProcessPath
        $engine = @(if ((Split-Path $shell -LeafBase) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' })
        & $shell @engine -NoProfile -NonInteractive -File @args
        if ($LASTEXITCODE -ne 0) {
            exit $LASTEXITCODE
        }
    }

    switch ($Task) {
        'Clean' { Invoke-Dotnet build $solution @options -t:Clean }
        'Build' { Invoke-Dotnet build $solution @options }
        'Demo' {
            Invoke-Dotnet build src/PreciseBn.PowerShell @options
            Invoke-Script module/examples/digits.ps1
        }
        'Test' {
            Invoke-Dotnet build $solution @options
            Invoke-Script tests/run.ps1
        }
        'Benchmark' {
            $models = New-Item artifacts/benchmarks -ItemType Directory -Force
            $python = if ($env:PRECISEBN_PYTHON) { $env:PRECISEBN_PYTHON } else { 'python3' }
            if (-not (Test-Path $models/resnet18.pt) -and (Get-Command $python -ErrorAction Ignore)) {
                # Without PyTorch there are no models but the digits network, which needs none.
                & $python tests/PreciseBn.Benchmarks/models.py $models
            }
            $few = @(if ($Quick) { '--only', 'resnet18,mobilenet_v2,mlp,digits', '--iterations', 8, '--repetitions', 3 })
            Invoke-Dotnet run -c Release --project tests/PreciseBn.Benchmarks -- speed --models $models @few
        }
        'Package' {
            $packages = Join-Path $PSScriptRoot 'artifacts/packages'
            Remove-Item $packages -Recurse -Force -ErrorAction Ignore
            foreach ($one in $(if ($Platform) { $Platform } else { $allPlatforms })) {
                # Each in a folder of its own, as what is built for one platform must not get into the module of another.
                Invoke-Dotnet build src/PreciseBn.PowerShell @options -r $one --artifacts-path "artifacts/build/$one" "-p:PackagesFolder=$packages"
            }
            # Natives for CUDA are too large for a gallery, and stay a folder.
            foreach ($manifest in Get-ChildItem $packages -Filter *.psd1 -Recurse -Depth 2 | Where-Object BaseName -NotLike '*-cuda') {
                Compress-PSResource $manifest.DirectoryName -DestinationPath $packages
            }
            $library = Join-Path $PSScriptRoot 'artifacts/library'
            Remove-Item $library -Recurse -Force -ErrorAction Ignore
            Invoke-Dotnet pack src/PreciseBn -c Release --nologo --artifacts-path artifacts/build/library -o $library
            Get-ChildItem $packages, $library -Filter *.nupkg | Format-Table Name, @{ Name = 'MB'; Expression = { [int]($_.Length / 1MB) } } | Out-Host
        }
    }
}
finally {
    Pop-Location
}
