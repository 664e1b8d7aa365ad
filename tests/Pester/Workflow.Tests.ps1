BeforeAll {
    Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Force
    $fixtures = "$PSScriptRoot/../fixtures"
    $loader = New-BnDataLoader "$fixtures/digits.calibration.npz" -Key images -BatchSize 32 -Mean 0.1307 -StandardDeviation 0.3081
}

Describe 'The main workflow' {
    BeforeEach {
        $model = Join-Path $TestDrive 'model.pt'
        Copy-Item "$fixtures/digits.scripted.pt" $model -Force
    }

    It 'recomputes into a copy and compares' {
        $precise = Join-Path $TestDrive 'model.precise.pt'
        $stats = Get-BnModule $model | Update-BnStat -Data $loader -Iterations 50 -Destination $precise -Force
        $comparison = Compare-BnStat $model $precise

        $stats.Count | Should -Be 6
        $stats.Batches | Should -Be (@(50) * 6)
        $comparison.Name | Should -Be $stats.Name
        $comparison | ForEach-Object { $_.Divergence | Should -BeGreaterThan 0 }
    }

    It 'leaves the original alone when there is a destination' {
        $before = (Get-FileHash $model).Hash
        $null = Get-BnModule $model | Update-BnStat -Data $loader -Iterations 2 -Destination (Join-Path $TestDrive 'other.pt') -Force
        (Get-FileHash $model).Hash | Should -Be $before
    }

    It 'changes the model in place and keeps a backup' {
        $before = (Get-FileHash $model).Hash
        $null = Get-BnModule $model | Update-BnStat -Data $loader -Iterations 2 -Backup
        (Get-FileHash $model).Hash | Should -Not -Be $before
        (Get-FileHash "$model.bak").Hash | Should -Be $before
    }

    It 'changes nothing with -WhatIf, and nothing after an error' {
        $before = (Get-FileHash $model).Hash
        Get-BnModule $model | Update-BnStat -Data $loader -WhatIf
        { Get-BnModule $model | Update-BnStat -Data $loader -Iterations 51 -ErrorAction Stop } |
            Should -Throw -ErrorId 'NotEnoughData,PreciseBn.PowerShell.UpdateBnStatCommand'
        (Get-FileHash $model).Hash | Should -Be $before
    }

    It 'takes files from Get-ChildItem' {
        (Get-ChildItem $model | Get-BnModule).Count | Should -Be 6
    }

    It 'has objects that go through ConvertTo-Json and Export-Csv' {
        $stats = Get-BnModule $model -Name stem.bn | Update-BnStat -Data $loader -Iterations 1
        ($stats | ConvertTo-Json | ConvertFrom-Json).Mean.Count | Should -Be 16
        $csv = Join-Path $TestDrive 'stats.csv'
        $stats | Select-Object Name, MeanShift, VarianceRatio | Export-Csv $csv
        (Import-Csv $csv).Name | Should -Be 'stem.bn'
    }
}
