BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Merge-BnStat' {
    BeforeAll {
        foreach ($shard in 1..2) {
            Get-BnModule (Get-Fixture digits.scripted.pt) -Name stem.bn | Measure-BnStat (Get-Calibration) -Shard $shard/2 |
                Export-BnStat (Join-Path $TestDrive "part-$shard.safetensors")
        }
    }

    It 'makes of shards the statistics of all values' {
        $stat = Merge-BnStat (Join-Path $TestDrive 'part-*.safetensors')
        $expected = Get-ExpectedStat stem.bn
        $stat.Count | Should -Be $expected.Count
        Measure-Difference $stat.Variance $expected.Variance | Should -BeLessThan 1e-5
    }

    It 'takes files by path, by literal path and from Get-ChildItem, in any order' {
        $files = 2, 1 | ForEach-Object { Join-Path $TestDrive "part-$_.safetensors" }
        $mean = (Merge-BnStat $files).Mean[0]
        [math]::Abs((Merge-BnStat -LP $files).Mean[0] - $mean) | Should -BeLessThan 1e-12
        [math]::Abs((Get-ChildItem $TestDrive part-* | Merge-BnStat).Mean[0] - $mean) | Should -BeLessThan 1e-12
        [math]::Abs(($files | Merge-BnStat).Mean[0] - $mean) | Should -BeLessThan 1e-12
    }

    It 'takes objects that have been in a file of CLIXML' {
        $file = Join-Path $TestDrive 'parts.xml'
        Import-BnStat (Join-Path $TestDrive 'part-*.safetensors') | Export-Clixml $file
        (Import-Clixml $file | Merge-BnStat).Mean | Should -Be (Merge-BnStat (Join-Path $TestDrive 'part-*.safetensors')).Mean
    }

    It 'tells with -Verbose what was added, and what came of it' {
        $lines = Get-VerboseLine { Merge-BnStat (Join-Path $TestDrive 'part-*.safetensors') -Verbose }
        $lines | Should -Contain "Added the partial statistics in '$(Join-Path $TestDrive part-2.safetensors)'."
        $lines | Should -Contain 'Merged 1 layers from 50 batches of all shards, stopped by DataEnd.'
    }

    It 'tells with -Verbose where statistics of shards were written' {
        $new = Join-Path $TestDrive 'new.pt'
        Get-VerboseLine { Merge-BnStat (Join-Path $TestDrive 'part-*.safetensors') | Update-BnStat -Destination $new -Verbose } |
            Should -Contain "The statistics of 1 layers were written into '$new'."
    }

    It 'names shards that are missing, or goes on without them' {
        $part = Join-Path $TestDrive 'part-1.safetensors'
        { Merge-BnStat $part } | Should -Throw -ErrorId 'ShardsMissing,PreciseBn.PowerShell.MergeBnStatCommand'
        (Merge-BnStat $part -AllowMissing -WarningVariable warnings -WarningAction SilentlyContinue).Count | Should -Be (800 * 784)
        $warnings | Should -HaveCount 1
        (Merge-BnStat $part -AsPartial).Shards | Should -HaveCount 1
    }

    It 'gives the same from objects that a job or a remote session sent' {
        $parts = foreach ($shard in 1..2) {
            Get-BnModule (Get-Fixture digits.scripted.pt) | Measure-BnStat (Get-Calibration @{ Take = 128 }) -Shard $shard/2 -Estimator PopulationVariance, MeanOfBatchVariance
        }
        foreach ($part in $parts) {
            [PreciseBn.PartialBnStat].GetProperty('ItemsLeftOut').SetValue($part, 3L)
        }
        # One level deep is what these send.
        $sent = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($parts, 1))
        # All that an object says comes with it.
        $shard = { param($from) $from | Where-Object { $_.Shards[0].StartsWith('1/2') } | Merge-BnStat -AsPartial }
        $one, $other = (& $shard $parts), (& $shard $sent)
        foreach ($property in [PreciseBn.PartialBnStat].GetProperties().Where({ $_.CanWrite }).Name) {
            $other.$property | Should -Be $one.$property -Because $property
        }
        $other.ItemsLeftOut | Should -Be (@(3) * 6)
        $other.Call | Should -Be (@('forward()') * 6)
        $sent[0].pstypenames[0] | Should -Be 'Deserialized.PreciseBn.PartialBnStat'
        $expected = $parts | Merge-BnStat
        $stats = $sent | Merge-BnStat
        $stats | Should -HaveCount 12
        foreach ($property in 'Name', 'Estimator', 'Batches', 'BatchesTracked', 'Mean', 'Variance', 'LogVarianceStandardError', 'PreviousMean', 'Path') {
            $stats.$property | Should -Be $expected.$property -Because $property
        }
    }

    It 'merges again what was merged of some shards' {
        $parts = foreach ($shard in 1..3) {
            , @(Get-BnModule (Get-Fixture digits.scripted.pt) | Measure-BnStat (Get-Calibration @{ Take = 128 }) -Shard $shard/3)
        }
        $files = 'some', 'others' | ForEach-Object { Join-Path $TestDrive "$_.safetensors" }
        $parts[2] + $parts[0] | Merge-BnStat -AsPartial | Export-BnStat $files[0]
        $parts[1] | Export-BnStat $files[1]
        $expected = $parts[0] + $parts[1] + $parts[2] | Merge-BnStat
        $stats = Merge-BnStat $files
        $stats | Should -HaveCount 6
        foreach ($layer in 0..5) {
            Measure-Difference $stats[$layer].Variance $expected[$layer].Variance | Should -BeLessThan 1e-12
        }
    }

    It 'ends the pipeline where shards are missing, before anything is written, or warns which' {
        $model = Copy-Fixture digits.scripted.pt
        $part = Join-Path $TestDrive 'second-of-three.safetensors'
        Get-BnModule $model | Measure-BnStat (Get-Calibration @{ Take = 128 }) -Shard 2/3 | Export-BnStat $part
        { Merge-BnStat $part | Set-BnStat $model } | Should -Throw -ErrorId 'ShardsMissing,PreciseBn.PowerShell.MergeBnStatCommand'
        (Get-FileHash $model).Hash | Should -Be (Get-FileHash (Get-Fixture digits.scripted.pt)).Hash
        Merge-BnStat $part -AllowMissing -WarningVariable warnings -WarningAction SilentlyContinue | Should -HaveCount 6
        $warnings | Should -HaveCount 1
        "$warnings" | Should -Match 'shard 1/3, 3/3 of '
    }

    It 'does not wait for what is there' {
        (Merge-BnStat (Join-Path $TestDrive 'part-*.safetensors') -Wait 3600).Batches | Should -Be 50
        (Merge-BnStat -LiteralPath (Join-Path $TestDrive 'part-1.safetensors'), (Join-Path $TestDrive 'part-2.safetensors') -Wait 3600).Batches | Should -Be 50
    }

    It 'is stopped at once while it waits' {
        $shell = [powershell]::Create().AddScript("Import-Module '$PSScriptRoot/../../PreciseBn.psd1'; 'ready'; Merge-BnStat '$TestDrive/nowhere-*' -Wait 3600")
        $output = [System.Management.Automation.PSDataCollection[object]]::new()
        $running = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[object]]::new(), $output)
        try {
            $first = $output.GetEnumerator()
            $first.MoveNext() | Should -BeTrue
            $shell.Stop()
            $running.IsCompleted | Should -BeTrue
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        }
        finally {
            $shell.Dispose()
        }
    }

    It 'says what is wrong: <Command>' -ForEach @(
        @{ Command = { Merge-BnStat $nothing }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = { $nothing } }
        @{ Command = { Merge-BnStat $nothing -Wait 1 }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = { $nothing } }
        @{ Command = { Merge-BnStat $nothing -ShardCount 3 }; ErrorId = 'ShardsMissing'; Category = 'ObjectNotFound'; Target = 'shard 1..3/3' }
        @{ Command = { Merge-BnStat -LiteralPath $absent -ShardCount 3 }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = { $absent } }
        @{ Command = { Merge-BnStat $part -ShardCount 3 }; ErrorId = 'ShardsDiffer'; Category = 'InvalidData'; Target = { "'$part'" } }
        @{ Command = { Merge-BnStat $model }; ErrorId = 'NotAPartial'; Category = 'InvalidData'; Target = { $model } }
        @{ Command = { $stranger | Merge-BnStat }; ErrorId = 'NotAPartial'; Category = 'InvalidData'; Target = { $stranger } }
        @{ Command = { @() | Merge-BnStat }; ErrorId = 'NothingGiven'; Category = 'InvalidArgument'; Target = $null }
        @{ Command = { Merge-BnStat $part, $part }; ErrorId = 'ShardTwice'; Category = 'InvalidData'; Target = { "$((Import-BnStat $part).Shards)" } }
    ) {
        $nothing = Join-Path $TestDrive 'nothing-*.safetensors'
        $absent = Join-Path $TestDrive 'nothing.safetensors'
        $model = Copy-Fixture digits.scripted.pt
        $stranger = [version]::new(1, 0)
        $part = Join-Path $TestDrive 'part-1.safetensors'
        Assert-Mistake $Command "$ErrorId,PreciseBn.PowerShell.MergeBnStatCommand" $Category $Target
    }
}
