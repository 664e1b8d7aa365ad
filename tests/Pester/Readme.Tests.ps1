BeforeDiscovery {
    . "$PSScriptRoot/Examples.ps1"
    # What needs a graphics card, a gallery, or a build of its own.
    $elsewhere = '^(\./build\.ps1|git|Install-|Publish-|Register-|Update-(Module|PSResource))|-Device cuda'
    $number = 0
    $lines = foreach ($block in Get-MarkdownExample "$PSScriptRoot/../../README.md") {
        foreach ($code in Split-Statement $block.Code) {
            @{ Index = $number++; Code = $code; Heading = $block.Heading; Elsewhere = $code -match $elsewhere }
        }
    }
}

BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    . "$PSScriptRoot/Examples.ps1"
}

Describe 'README in one session' -ForEach @{ Lines = $lines } {
    BeforeAll {
        # A clone that is built, with a model and data beside the manifest.
        $root = (Resolve-Path "$PSScriptRoot/../..").ProviderPath
        $clone = Join-Path $TestDrive 'clone'
        $null = New-Item $clone -ItemType Directory
        Copy-Item "$root/PreciseBn.psd1" $clone
        # Links need rights on Windows.
        if ($IsWindows) {
            Copy-Item "$root/module" $clone -Recurse
        }
        else {
            $null = New-Item (Join-Path $clone 'module') -ItemType SymbolicLink -Value "$root/module"
        }
        Copy-ExampleFile $clone @{
            'model.pt'               = 'digits.scripted.pt'
            'model.pt2'              = 'digits.exported-static32-2.14.pt2'
            'checkpoint.pth'         = 'digits.checkpoint.pth'
            'model.safetensors'      = 'digits.safetensors'
            'digits.calibration.npz' = 'digits.calibration.npz'
            'digits.test.npz'        = 'digits.test.npz'
        }
        $work = Join-Path $TestDrive 'lines.clixml'
        $Lines | Export-Clixml $work
        $answer = Join-Path $TestDrive 'failures.clixml'
        $run = Invoke-PowerShell {
            # What this process has imported is not the clone's.
            Remove-Module PreciseBn
            Set-Location $args[1]
            Import-Module ./PreciseBn.psd1
            $failures = @{}
            foreach ($line in Import-Clixml $args[0]) {
                if (-not $line.Elsewhere) {
                    $Error.Clear()
                    try { . ([scriptblock]::Create($line.Code)) 2>$null | Out-Default } catch { }
                    $failures[$line.Index] = "$Error"
                }
            }
            $failures | Export-Clixml $args[2]
        } $work, $clone, $answer
        $run.Errors | Should -BeNullOrEmpty
        $failures = Import-Clixml $answer
    }

    It '<Code>' -ForEach $Lines {
        if ($Elsewhere) {
            Set-ItResult -Skipped -Because 'it needs a graphics card, a gallery or a build of its own'
            return
        }
        $failures[$Index] | Should -BeExactly ''
    }
}
