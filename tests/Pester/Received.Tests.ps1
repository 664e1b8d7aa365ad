BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'What jobs and Import-Clixml give' {
    BeforeAll {
        $model = Copy-Fixture digits.scripted.pt
        $copy = Join-Path $TestDrive copy.pt
        $module = (Resolve-Path "$PSScriptRoot/../../PreciseBn.psd1").ProviderPath
        $sent = @{
            Layers      = Get-BnModule $model
            Statistics  = Get-BnModule $model | Update-BnStat (Get-Calibration @{ Take = 320 }) -Destination $copy -RecordConvergence
            Comparisons = Compare-BnStat $model $copy
            Verdicts    = Test-BnStat $model $copy -PassThru
            Findings    = Test-BnModule $model -Data (Get-Calibration @{ Take = 320 }) -PassThru
        }
        $sent | Export-Clixml (Join-Path $TestDrive sent.xml)
        $job = Start-Job -ArgumentList $module, $model, $copy {
            param($module, $model, $copy)
            Import-Module $module
            Get-BnModule $model
            Compare-BnStat $model $copy
        }
        $received = @{
            Clixml = Import-Clixml (Join-Path $TestDrive sent.xml)
            Job    = @($job | Receive-Job -Wait -AutoRemoveJob)
        }
    }

    It 'is shown as it was' {
        foreach ($kind in 'Statistics', 'Comparisons', 'Verdicts', 'Layers') {
            $received.Clixml.$kind | Out-String -Width 100 | Should -Be ($sent.$kind | Out-String -Width 100)
        }
        $received.Job[6..11] | Out-String -Width 100 | Should -Be ($sent.Comparisons | Out-String -Width 100)
    }

    It 'goes into Set-BnStat and Export-BnStat' {
        $checkpoint = Copy-Fixture digits.checkpoint.pth
        $received.Clixml.Statistics | Set-BnStat $checkpoint
        (Compare-BnStat $copy $checkpoint).MeanShift | Measure-Object -Maximum | ForEach-Object Maximum | Should -BeLessThan 1e-6
        $received.Job[0..5] | Set-BnStat $checkpoint
        (Compare-BnStat $model $checkpoint).MeanShift | Measure-Object -Maximum | ForEach-Object Maximum | Should -BeLessThan 1e-6

        $file = $received.Clixml.Statistics | Export-BnStat (Join-Path $TestDrive sent.safetensors) -PassThru
        $file | Should -BeOfType System.IO.FileInfo
        (Import-BnStat $file).Convergence[0] | Should -Be $sent.Statistics[0].Convergence[0]
    }

    It 'is compared and judged as it was' {
        (Compare-BnStat $received.Clixml.Layers $received.Clixml.Statistics).MeanShift | Should -Be (Compare-BnStat $sent.Layers $sent.Statistics).MeanShift
        (Test-BnStat $model $received.Clixml.Statistics -PassThru).Reason | Should -Be (Test-BnStat $model $sent.Statistics -PassThru).Reason
    }

    It 'is reported' {
        foreach ($kind in 'Statistics', 'Comparisons', 'Verdicts') {
            $page = $received.Clixml.$kind | Export-BnReport (Join-Path $TestDrive "$kind.html") -Finding $received.Clixml.Findings -Title same -PassThru
            $expected = $sent.$kind | Export-BnReport (Join-Path $TestDrive "$kind.expected.html") -Finding $sent.Findings -Title same -PassThru
            # Parts of a drawing are numbered through all drawings of a process.
            $pages = $page, $expected | ForEach-Object { (Get-Content $_ -Raw) -replace '-cl_\w+' }
            # Whether the file is still the one that was measured is known of what was measured here only.
            $hash = '<dt>SHA-256</dt><dd>[0-9a-f]{64}</dd>'
            $pages[0] | Should -Not -Match $hash
            $pages[1] | Should -Match $hash
            $pages[0] | Should -Be ($pages[1] -replace $hash)
        }
    }

    It 'is measured as layers of a file' {
        $received.Job[0] | Measure-BnStat (Get-Calibration) -Iterations 2 | ForEach-Object Name | Should -Be stem.bn
    }

    It 'is refused where something of it is missing' {
        $partial = [pscustomobject]@{ Name = 'stem.bn' }
        $partial.PSTypeNames.Insert(0, 'Deserialized.PreciseBn.BnStat')
        $files = @{
            'Export-BnStat'   = Join-Path $TestDrive partial.safetensors
            'Export-BnReport' = Join-Path $TestDrive partial.html
            'Set-BnStat'      = Copy-Fixture digits.checkpoint.pth
        }
        foreach ($command in $files.Keys) {
            { $partial | & $command $files[$command] } | Should -Throw -ErrorId "IncompleteObject,PreciseBn.PowerShell.$($command -replace '-')Command"
        }
        foreach ($name in 'Mean', 'Batches') {
            $emptied = [pscustomobject] @{}
            foreach ($property in $received.Clixml.Statistics[0].PSObject.Properties) {
                $emptied | Add-Member $property.Name ($property.Name -eq $name ? $null : $property.Value)
            }
            $emptied.PSTypeNames.Insert(0, 'Deserialized.PreciseBn.BnStat')
            { $emptied | Export-BnStat (Join-Path $TestDrive emptied.safetensors) } |
                Should -Throw "*$name is not what it was*" -ErrorId 'IncompleteObject,PreciseBn.PowerShell.ExportBnStatCommand'
        }
        { Compare-BnStat $model $partial } | Should -Throw -ErrorId 'IncompleteObject,PreciseBn.PowerShell.CompareBnStatCommand'
    }
}
