BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    $paths = @(
        (Resolve-Path "$PSScriptRoot/../../PreciseBn.psd1").ProviderPath
        (Resolve-Path (Get-Fixture digits.scripted.pt)).ProviderPath
        (Resolve-Path (Get-Fixture digits.calibration.npz)).ProviderPath
    )
}

Describe 'A session' -Tag Once {
    It 'imports the module again and again, and nothing piles up' {
        $run = Invoke-PowerShell {
            $manifest, $model, $data = $args
            function Measure-Session {
                # Uses tables, images and libtorch, so that all is loaded that may be.
                $loader = New-BnDataLoader $data -Key images -Mean 0.1307 -StandardDeviation 0.3081
                $stats = @(Get-BnModule $model | Update-BnStat $loader -Iterations 2 -WhatIf:$false -Destination new.pt -Force)
                $stats | Export-BnReport drift.svg -Force
                $handlers = [System.Runtime.Loader.AssemblyLoadContext].GetField('AssemblyResolve', 'Static, NonPublic').GetValue($null)
                [ordered]@{
                    Layers     = $stats.Count
                    Assemblies = @([AppDomain]::CurrentDomain.GetAssemblies().Where({ $_.Location -like "$(Split-Path $manifest)*" })).Count
                    Contexts   = @([System.Runtime.Loader.AssemblyLoadContext]::All).Count
                    Handlers   = $handlers ? $handlers.GetInvocationList().Count : 0
                    Modules    = @(Get-Module PreciseBn).Count
                    Views      = @((Get-FormatData PreciseBn.BnStat -PowerShellVersion $PSVersionTable.PSVersion).FormatViewDefinition).Count
                }
            }
            $first = Measure-Session
            1..10 | ForEach-Object { Import-Module $manifest -Force }
            $last = Measure-Session
            Remove-Module PreciseBn
            $commands = @(Get-Command -Module PreciseBn).Count
            Import-Module $manifest
            $again = Measure-Session
            ConvertTo-Json $first, $commands, $last, $again -Compress
        } $paths
        $run.Errors | Should -BeNullOrEmpty
        $first, $commands, $last, $again = $run.Output[-1] | ConvertFrom-Json
        $commands | Should -Be 0
        $first.Layers, $first.Modules, $first.Views | Should -Be 6, 1, 1
        $first.Assemblies | Should -BeGreaterThan 2
        $last | ConvertTo-Json | Should -BeExactly ($first | ConvertTo-Json)
        $again | ConvertTo-Json | Should -BeExactly ($first | ConvertTo-Json)
    }
}

Describe 'In strict mode' -Tag Once {
    BeforeAll {
        $folder = (New-Item (Join-Path $TestDrive 'strict') -ItemType Directory).FullName
        $null = Copy-Fixture digits.scripted.pt -As 'strict/model.pt'
        $parts = (New-Item "$folder/parts" -ItemType Directory).FullName
        $loader = Get-DigitsOption
        $calls = [ordered]@{
            digits          = @{ Folder = $folder }
            'drift-monitor' = @{ Model = $paths[1]; Data = $paths[2]; Log = "$folder/drift.csv"; Loader = $loader }
            fleet           = @{ Folder = $folder; Filter = 'model.pt'; Data = $paths[2]; Loader = $loader; Update = @{ Iterations = 2 } }
            jobs            = @{ Model = $paths[1]; Data = $paths[2]; Loader = $loader; Measure = @{ Iterations = 2 }; Shards = 1; Destination = "$folder/jobs.pt" }
            'live-model'    = @{ Steps = 1 }
            measure         = @{ Model = $paths[1]; Data = $paths[2]; Key = 'images'; Mean = '0.1307'; StandardDeviation = '0.3081'; Folder = $parts; Shard = '1..2/2'; Iterations = 2 }
            merge           = @{ Model = $paths[1]; Folder = $parts; Destination = "$folder/merged.pt"; Wait = 0 }
            nightly         = @{ Model = "$folder/model.pt"; Data = $paths[2]; Holdout = (Get-Fixture digits.test.npz); Loader = $loader; LabelKey = 'labels' }
            parallel        = @{ Model = $paths[1]; Data = $paths[2]; Loader = $loader; Measure = @{ Iterations = 2 }; Shards = 1; Destination = "$folder/parallel.pt" }
        }
        $calls | Export-Clixml "$folder/calls.clixml"
        $run = Invoke-PowerShell {
            Set-StrictMode -Version Latest
            $calls = Import-Clixml "$($args[0])/calls.clixml"
            $failures = @{}
            foreach ($example in $calls.Keys) {
                $Error.Clear()
                $parameters = $calls[$example]
                try { & "$($args[1])/$example.ps1" @parameters | Out-Default } catch { }
                $failures[$example] = "$Error"
            }
            $failures | Export-Clixml "$($args[0])/failures.clixml"
        } $folder, (Resolve-Path "$PSScriptRoot/../../module/examples").ProviderPath
        $failures = Import-Clixml "$folder/failures.clixml"
    }

    It '<_> runs' -ForEach 'digits', 'drift-monitor', 'fleet', 'jobs', 'live-model', 'measure', 'merge', 'nightly', 'parallel' {
        $failures[$_] | Should -BeExactly ''
    }

    It 'every example has run that needs no other machine' {
        $run.Errors | Should -BeNullOrEmpty
        (Get-ChildItem "$PSScriptRoot/../../module/examples" -Filter *.ps1).BaseName | Where-Object { $_ -ne 'remoting' } | Should -Be @($calls.Keys)
    }
}
