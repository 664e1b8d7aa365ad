BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Set-BnStat' {
    It 'puts statistics into a checkpoint and back without a trace' {
        $checkpoint = Copy-Fixture digits.checkpoint.pth
        $before = (Get-FileHash $checkpoint).Hash
        $old = Get-BnModule $checkpoint
        $stats = Get-BnModule (Copy-Fixture digits.scripted.pt) | Update-BnStat (Get-Calibration) -Iterations 2
        $stats | Set-BnStat $checkpoint | Should -BeNullOrEmpty
        (Get-FileHash $checkpoint).Hash | Should -Not -Be $before
        (Get-BnModule $checkpoint)[0].Mean[0] | Should -Be ([float] $stats[0].Mean[0])
        $old | Set-BnStat $checkpoint
        (Get-FileHash $checkpoint).Hash | Should -Be $before
    }

    It 'takes them from the pipeline that has recomputed them, under the names of the checkpoint' {
        $model = Copy-Fixture digits.scripted.pt
        $checkpoint = Copy-Fixture digits.checkpoint.pth
        $layers = Get-BnModule $model | Update-BnStat (Get-Calibration) -Iterations 2 | Set-BnStat $checkpoint -Backup -PassThru
        $layers.Name | Should -Be 'model.module.stem.bn', 'model.module.body.0.bn', 'model.module.body.1.bn', 'model.module.body.2.bn', 'model.module.body.3.bn', 'model.module.bn'
        (Get-BnModule $checkpoint).Mean | Should -Be (Get-BnModule $model).Mean
        (Get-FileHash "$checkpoint.bak").Hash | Should -Be (Get-FileHash (Get-Fixture digits.checkpoint.pth)).Hash
    }

    It 'takes them from a file, into a copy' {
        $model = Copy-Fixture digits.scripted.pt
        $null = Get-BnModule $model | Update-BnStat (Get-Calibration) -Iterations 2
        $other = Copy-Fixture digits.safetensors
        $copy = Join-Path $TestDrive 'Kopie für später.safetensors'
        $layers = Set-BnStat -From $model $other -Destination $copy -PassThru
        $layers | Should -HaveCount 6
        $layers[0].Path | Should -Be $copy
        (Compare-BnStat $model $copy).Divergence | Should -Be (@(0) * 6)
        (Get-FileHash $other).Hash | Should -Be (Get-FileHash (Get-Fixture digits.safetensors)).Hash
    }

    It 'tells with -Verbose where the result is' {
        $new = Join-Path $TestDrive 'told.pth'
        Get-VerboseLine { Set-BnStat -From (Get-Fixture digits.scripted.pt) (Get-Fixture digits.checkpoint.pth) -Destination $new -Verbose } |
            Should -Contain "Set the statistics of 6 layers; the result is in '$new'."
    }

    It 'changes nothing with -WhatIf, and keeps a backup with -Backup' {
        $checkpoint = Copy-Fixture digits.checkpoint.pth
        $before = (Get-FileHash $checkpoint).Hash
        $stats = Get-BnModule (Copy-Fixture digits.scripted.pt) | Update-BnStat (Get-Calibration) -Iterations 2
        $stats | Set-BnStat $checkpoint -WhatIf | Should -BeNullOrEmpty
        Set-BnStat -From $stats[0].Path $checkpoint -WhatIf | Should -BeNullOrEmpty
        (Get-FileHash $checkpoint).Hash | Should -Be $before
        $stats | Set-BnStat $checkpoint -Backup
        (Get-FileHash "$checkpoint.bak").Hash | Should -Be $before
    }

    It 'refuses statistics that do not belong there: <ErrorId>' -ForEach @(
        @{ Option = @{}; Name = 'bn', 'stem.bn'; ErrorId = 'LayersNotGiven'; Target = { $checkpoint } }
        @{ Option = @{ Prefix = 'wrong.' }; Name = '*'; ErrorId = 'LayersNotInFile'; Target = { $checkpoint } }
        @{ Option = @{ Map = @{ bn = 'nowhere' } }; Name = '*'; ErrorId = 'LayerNotFound'; Target = 'nowhere' }
    ) {
        $checkpoint = Copy-Fixture digits.checkpoint.pth
        Assert-Mistake { Get-BnModule (Get-Fixture digits.scripted.pt) -Name $Name | Set-BnStat $checkpoint @Option } "$ErrorId,PreciseBn.PowerShell.SetBnStatCommand" 'ObjectNotFound' $Target
        (Get-FileHash $checkpoint).Hash | Should -Be (Get-FileHash (Get-Fixture digits.checkpoint.pth)).Hash
    }

    It 'names a file that is not there' {
        $missing = Join-Path $TestDrive 'missing.pth'
        Assert-Mistake { Set-BnStat -From (Get-Fixture digits.scripted.pt) $missing } 'FileNotFound,PreciseBn.PowerShell.SetBnStatCommand' 'ObjectNotFound' $missing
    }

    It 'refuses what cannot be written before what stands before it in the pipeline has begun: <ErrorId>' -ForEach @(
        @{ Path = 'nowhere.pth'; Options = @{}; ErrorId = 'FileNotFound' }
        @{ Path = 'web.pth'; Options = @{}; ErrorId = 'OtherFormat' }
        @{ Path = 'target.pth'; Options = @{ Destination = 'web.pth' }; ErrorId = 'DestinationExists' }
        @{ Path = 'target.pth'; Options = @{ Destination = 'nowhere/x.pth' }; ErrorId = 'FolderNotFound' }
    ) {
        Push-Location $TestDrive
        try {
            Copy-Item (Get-Fixture digits.state_dict.pth) target.pth
            '<!DOCTYPE html><html/>' > web.pth
            $script:hasBegun = $false
            { 1 | ForEach-Object { $script:hasBegun = $true; Get-BnModule (Get-Fixture digits.scripted.pt) } | Set-BnStat $Path @Options } |
                Should -Throw -ErrorId "$ErrorId,PreciseBn.PowerShell.SetBnStatCommand"
            $hasBegun | Should -BeFalse
        }
        finally {
            Pop-Location
        }
    }
}
