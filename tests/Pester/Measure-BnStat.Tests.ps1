BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Measure-BnStat' {
    It 'measures a shard and changes nothing' {
        $model = Copy-Fixture digits.scripted.pt
        $before = (Get-FileHash $model).Hash
        $parts = Get-BnModule $model | Measure-BnStat (Get-Calibration @{ Take = 128 }) -Shard 1/2
        $parts | Should -HaveCount 6
        $parts[0].Count | Should -Be (64 * 784)
        (Get-FileHash $model).Hash | Should -Be $before
    }

    It 'goes on from a checkpoint' {
        $model = Copy-Fixture digits.scripted.pt
        $file = Join-Path $TestDrive 'part.safetensors'
        $first = Get-BnModule $model | Measure-BnStat (Get-Calibration @{ Take = 128 }) -Checkpoint $file
        $second = Get-BnModule $model | Measure-BnStat (Get-Calibration @{ Take = 128 }) -Checkpoint $file
        $second.Count | Should -Be $first.Count
        (Merge-BnStat $file)[0].Mean | Should -Be ($first | Merge-BnStat)[0].Mean
    }

    It 'makes no checkpoint with -WhatIf' {
        $file = Join-Path $TestDrive 'none.safetensors'
        Get-BnModule (Get-Fixture digits.scripted.pt) | Measure-BnStat (Get-Calibration) -Checkpoint $file -WhatIf | Should -BeNullOrEmpty
        $file | Should -Not -Exist
    }

    It 'refuses a shard that cannot be: <ErrorId>' -ForEach @(
        @{ Option = @{}; Shard = '3/2'; ErrorId = 'NotAShard' }
        @{ Option = @{ Shuffle = $true }; Shard = '1/2'; ErrorId = 'SeedNeeded' }
    ) {
        { Get-BnModule (Get-Fixture digits.scripted.pt) | Measure-BnStat (Get-Calibration $Option) -Shard $Shard -ErrorAction Stop } |
            Should -Throw -ErrorId "$ErrorId,PreciseBn.PowerShell.MeasureBnStatCommand"
    }
}
