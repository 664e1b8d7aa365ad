BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Set-BnStat' {
    It 'puts statistics into a checkpoint and back without a trace' {
        $checkpoint = Copy-Fixture digits.checkpoint.pth
        $before = (Get-FileHash $checkpoint).Hash
        $old = Get-BnModule $checkpoint
        $stats = Get-BnModule (Copy-Fixture digits.scripted.pt) | Update-BnStat (Get-Calibration) -Iterations 2
        $null = $stats | Set-BnStat $checkpoint
        (Get-FileHash $checkpoint).Hash | Should -Not -Be $before
        (Get-BnModule $checkpoint)[0].Mean[0] | Should -Be ([float] $stats[0].Mean[0])
        $null = $old | Set-BnStat $checkpoint
        (Get-FileHash $checkpoint).Hash | Should -Be $before
    }

    It 'takes them from a file, into a copy' {
        $copy = Join-Path $TestDrive 'copy.safetensors'
        $layers = Set-BnStat -From (Get-Fixture digits.scripted.pt) (Get-Fixture digits.safetensors) -Destination $copy
        $layers | Should -HaveCount 6
        $layers[0].Path | Should -Be $copy
    }

    It 'changes nothing with -WhatIf, and keeps a backup with -Backup' {
        $checkpoint = Copy-Fixture digits.checkpoint.pth
        $before = (Get-FileHash $checkpoint).Hash
        $stats = Get-BnModule (Copy-Fixture digits.scripted.pt) | Update-BnStat (Get-Calibration) -Iterations 2
        $stats | Set-BnStat $checkpoint -WhatIf | Should -BeNullOrEmpty
        (Get-FileHash $checkpoint).Hash | Should -Be $before
        $null = $stats | Set-BnStat $checkpoint -Backup
        (Get-FileHash "$checkpoint.bak").Hash | Should -Be $before
    }

    It 'refuses statistics that do not belong there: <ErrorId>' -ForEach @(
        @{ Option = @{}; Name = 'bn', 'stem.bn'; ErrorId = 'LayersNotGiven' }
        @{ Option = @{ Prefix = 'wrong.' }; Name = '*'; ErrorId = 'LayersNotInFile' }
        @{ Option = @{ Map = @{ bn = 'nowhere' } }; Name = '*'; ErrorId = 'LayerNotFound' }
    ) {
        $checkpoint = Copy-Fixture digits.checkpoint.pth
        { Get-BnModule (Get-Fixture digits.scripted.pt) -Name $Name | Set-BnStat $checkpoint @Option -ErrorAction Stop } |
            Should -Throw -ErrorId "$ErrorId,PreciseBn.PowerShell.SetBnStatCommand"
        (Get-FileHash $checkpoint).Hash | Should -Be (Get-FileHash (Get-Fixture digits.checkpoint.pth)).Hash
    }
}
