BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    . "$PSScriptRoot/Sessions.ps1"

    function Assert-SameStatistics {
        param([string] $Model)
        $most = Compare-BnStat $expected $Model | Measure-Object MeanShift, VarianceRatio -Maximum
        $most[0].Count | Should -Be 6
        $most[0].Maximum | Should -BeLessThan 1e-6
        $most[1].Maximum | Should -BeLessThan (1 + 1e-5)
    }
}

Describe 'Work that is divided' {
    BeforeAll {
        $parts = foreach ($shard in 1..2) {
            Get-BnModule (Get-Fixture digits.scripted.pt) | Measure-BnStat (Get-Calibration @{ Order = 'Shuffled' }) -Shard $shard/2
        }
        $expected = Join-Path $TestDrive 'expected.pt'
        $null = $parts | Merge-BnStat | Update-BnStat -Destination $expected
    }

    It 'among jobs gives the same as one shard after the other' {
        $merged = Join-Path $TestDrive 'jobs.pt'
        $done = Invoke-Example jobs.ps1 @{ Model = Get-Fixture digits.scripted.pt; Data = Get-Fixture digits.calibration.npz; Loader = Get-DigitsOption; Shards = 2; Destination = $merged }
        $done.Errors | Should -BeNullOrEmpty
        $done.Output.Name | Should -Contain 'body.0.bn'
        Assert-SameStatistics $merged
    }

    It 'among jobs leaves none behind when one fails' {
        $done = Invoke-InNewSession {
            param($example, $model)
            try { & $example -Model $model -Data $model -Shards 2 -Destination nowhere.pt } catch { $_.Exception.Message }
            @(Get-Job).Count
        } @{ example = "$PSScriptRoot/../../module/examples/jobs.ps1"; model = Get-Fixture digits.scripted.pt }
        $done.Output | Should -HaveCount 2
        $done.Output[0] | Should -Match 'digits\.scripted\.pt'
        $done.Output[1] | Should -Be 0
    }

    # In a process of its own, as its runspaces load the module anew.
    It 'in one process gives the same, too' {
        $merged = Join-Path $TestDrive 'parallel.pt'
        $done = Invoke-PowerShell {
            & $args[0] -Model $args[1] -Data $args[2] -Loader @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 } -Shards 2 -Destination $args[3]
        } "$PSScriptRoot/../../module/examples/parallel.ps1", (Get-Fixture digits.scripted.pt), (Get-Fixture digits.calibration.npz), $merged
        $done.ExitCode | Should -Be 0
        $done.Errors | Should -BeNullOrEmpty
        "$($done.Output)" | Should -Match 'body\.0\.bn'
        Assert-SameStatistics $merged
    }

    It 'by a scheduler is one script for a shard, and one that merges' {
        $common = @{ Model = Get-Fixture digits.scripted.pt; Folder = "$TestDrive" }
        foreach ($shard in 1..2) {
            $done = Invoke-Example measure.ps1 ($common + (Get-DigitsOption) + @{ Data = Get-Fixture digits.calibration.npz; Shard = "$shard/2" })
            $done.Output + $done.Errors | Should -BeNullOrEmpty
        }
        $merged = Join-Path $TestDrive 'scheduled.pt'
        $null = Invoke-Example merge.ps1 ($common + @{ Destination = $merged })
        Assert-SameStatistics $merged
    }
}
