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

    It 'leaves in the checkpoint what merges with the other shards' {
        $model = Copy-Fixture digits.scripted.pt
        foreach ($shard in 1..2) {
            $null = Get-BnModule $model | Measure-BnStat (Get-Calibration @{ Take = 128 }) -Shard $shard/2 -Checkpoint (Join-Path $TestDrive "all-$shard.safetensors") -Every 1
        }
        (Merge-BnStat (Join-Path $TestDrive 'all-*.safetensors')).Batches | Should -Be (@(4) * 6)
    }

    It 'has cards use all digits, unless -AllowTf32 is given' {
        foreach ($allowed in $false, $true) {
            $seen = [System.Collections.Generic.List[bool]]::new()
            $loader = Get-Calibration @{ Take = 64; Transform = { $seen.Add([TorchSharp.torch+backends+cudnn]::allow_tf32); $_ } }
            $null = Get-BnModule (Get-Fixture digits.scripted.pt) | Measure-BnStat $loader -AllowTf32:$allowed
            $seen | Should -Be @($allowed, $allowed)
            [TorchSharp.torch+backends+cudnn]::allow_tf32 | Should -BeTrue
        }
    }

    It 'makes no checkpoint with -WhatIf' {
        $file = Join-Path $TestDrive 'none.safetensors'
        Get-BnModule (Get-Fixture digits.scripted.pt) | Measure-BnStat (Get-Calibration) -Checkpoint $file -WhatIf | Should -BeNullOrEmpty
        $file | Should -Not -Exist
    }

    It 'says what is wrong: <Command>' -ForEach @(
        @{ Command = { Get-BnModule $model | Measure-BnStat $loader -Shard 3/2 }; ErrorId = 'NotAShard'; Category = 'InvalidArgument'; Target = '3/2' }
        @{ Command = { Get-BnModule $model | Measure-BnStat $loader -Shard 1/2 -Iterations 3 }; ErrorId = 'NotEnoughData'; Category = 'InvalidData'; Target = { $model } }
        @{ Command = { Get-BnModule $model, $other | Measure-BnStat $loader -Checkpoint $file }; ErrorId = 'OneCheckpoint'; Category = 'InvalidArgument'; Target = { $file } }
        @{ Command = { Get-BnModule $model | Measure-BnStat $loader -Checkpoint $nowhere }; ErrorId = 'FolderNotFound'; Category = 'ObjectNotFound'; Target = { $nowhere } }
    ) {
        $model = Copy-Fixture digits.scripted.pt
        $other = Copy-Fixture digits.scripted.pt -As 'other.pt'
        $loader = Get-Calibration @{ Take = 128 }
        $file = Join-Path $TestDrive 'never.safetensors'
        $nowhere = Join-Path $TestDrive nowhere c.safetensors
        Assert-Mistake $Command "$ErrorId,PreciseBn.PowerShell.MeasureBnStatCommand" $Category $Target
        $file | Should -Not -Exist
    }
}
