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

    It 'refuses a shard that comes twice' {
        $part = Join-Path $TestDrive 'part-1.safetensors'
        { Merge-BnStat $part, $part } | Should -Throw -ErrorId 'ShardTwice,PreciseBn.PowerShell.MergeBnStatCommand'
    }
}
