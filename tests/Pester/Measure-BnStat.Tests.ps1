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

    It 'warns of a call whose statistics are of no layer' {
        $data = New-BnDataLoader (Get-Fixture places/batches.npz) -AsBatches
        $null = Measure-BnStat $data (Get-Fixture places/columns.script.pt) -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -Match "columns.script.pt'.*its statistics come from"
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

    It 'measures several shards, with a file each' {
        $loader = Get-Calibration @{ Take = 160 }
        $model = Copy-Fixture digits.scripted.pt
        $parts = Measure-BnStat $loader $model -Shard 1..2/3, 3/3 -Checkpoint (Join-Path $TestDrive 'each-*.safetensors')
        $parts | Should -HaveCount 18
        (Get-ChildItem $TestDrive each-*).Name | Sort-Object | Should -Be 'each-1.safetensors', 'each-2.safetensors', 'each-3.safetensors'
        (Get-ChildItem $TestDrive each-* | Merge-BnStat).Mean | Should -Be ($parts | Merge-BnStat).Mean
    }

    It 'leaves the others their turn when one of several shards fails' {
        $model = Copy-Fixture digits.scripted.pt
        Set-Content (Join-Path $TestDrive 'some-2.safetensors') 'something else'
        $null = Measure-BnStat (Get-Calibration @{ Take = 96 }) $model -Shard 1..3/3 -Checkpoint (Join-Path $TestDrive 'some-*.safetensors') -ErrorAction SilentlyContinue -ErrorVariable failures
        $failures.FullyQualifiedErrorId | Should -Be 'NotAPartial,PreciseBn.PowerShell.MeasureBnStatCommand'
        (Import-BnStat (Join-Path $TestDrive 'some-1.safetensors'), (Join-Path $TestDrive 'some-3.safetensors')) | Should -HaveCount 12
    }

    It 'counts the batches of all shards together' {
        $lines = Get-VerboseLine { Measure-BnStat (Get-Calibration) (Get-Fixture digits.scripted.pt) -Shard 1..3/3 -Iterations 7 -Verbose }
        $lines -match '^Measured' | ForEach-Object { [regex]::Match($_, 'on (\d+) batches .*, of at most (\d+) of all shards').Groups[1, 2].Value -join ' of ' } |
            Should -Be '3 of 7', '2 of 7', '2 of 7'
    }

    It 'makes no checkpoint with -WhatIf' {
        $file = Join-Path $TestDrive 'none.safetensors'
        Get-BnModule (Get-Fixture digits.scripted.pt) | Measure-BnStat (Get-Calibration) -Checkpoint $file -WhatIf | Should -BeNullOrEmpty
        $file | Should -Not -Exist
    }

    It 'says what is wrong: <Command>' -ForEach @(
        @{ Command = { Get-BnModule $model | Measure-BnStat $loader -Shard 3/2 }; ErrorId = 'NotAShard'; Category = 'InvalidArgument'; Target = '3/2' }
        @{ Command = { Get-BnModule $model | Measure-BnStat $loader -Shard 1/2 -Iterations 5 }; ErrorId = 'NotEnoughData'; Category = 'InvalidData'; Target = { $model } }
        @{ Command = { Get-BnModule $model, $other | Measure-BnStat $loader -Checkpoint $file }; ErrorId = 'OneCheckpoint'; Category = 'InvalidArgument'; Target = { $file } }
        @{ Command = { Measure-BnStat $loader $model -Shard 1..2/2 -Checkpoint $file }; ErrorId = 'OneCheckpoint'; Category = 'InvalidArgument'; Target = { $file } }
        @{ Command = { Measure-BnStat $loader $model -Shard 2..1/2 }; ErrorId = 'NotAShard'; Category = 'InvalidArgument'; Target = '2..1/2' }
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
