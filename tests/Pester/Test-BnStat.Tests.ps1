BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Test-BnStat' {
    BeforeAll {
        $stale = Join-Path $TestDrive 'stale.pt'
        $precise = Join-Path $TestDrive 'precise.pt'
        Copy-Item (Get-Fixture digits.scripted.pt) $stale
        $stats = Get-BnModule $stale | Update-BnStat (Get-Calibration) -Destination $precise
        $read = Get-DigitsOption
        $today = New-BnDataLoader (Get-Fixture digits.test.npz) @read
    }

    It 'judges the layers of -Name' {
        $model = Get-Fixture digits.scripted.pt
        (Test-BnStat $model $model -Name bn -PassThru).Name | Should -Be bn
        (Test-BnStat $model -Data $today -Name bn, stem* -PassThru).Name | Should -Be 'stem.bn', 'bn'
    }

    It 'answers once whether statistics have moved: <Question>' -ForEach @(
        @{ Question = { Test-BnStat $precise -Data $today }; Answer = $true }
        @{ Question = { Test-BnStat $stats -Data $today }; Answer = $true }
        @{ Question = { Test-BnStat $stale -Data $today }; Answer = $false }
        @{ Question = { Test-BnStat (Get-BnModule $stale -Name stem.bn) -Data $today -VarianceRatio 2.1 }; Answer = $true }
        @{ Question = { Test-BnStat $stale $stale }; Answer = $true }
        @{ Question = { Test-BnStat $stale $precise }; Answer = $false }
        @{ Question = { Test-BnStat $stale $precise -MeanShift 1 -VarianceRatio 3 -Divergence 0.2 }; Answer = $true }
        @{ Question = { Test-BnStat $stale $stats }; Answer = $false }
        @{ Question = { $stats | Test-BnStat $precise }; Answer = $true }
        @{ Question = { Get-BnModule $stale | Test-BnStat $stats }; Answer = $false }
    ) {
        # Warnings and errors would be among what it gives.
        & $Question *>&1 | Should -BeExactly $Answer
    }

    It 'says which layers have moved with -PassThru' {
        $verdicts = Test-BnStat $stale $precise -PassThru -MeanShift 0.6 -VarianceRatio 100 -Divergence 100
        $verdicts.Where({ -not $_.Passed }).Name | Should -Be 'body.1.bn', 'bn'
        $verdicts[-1].Reason | Should -Match 'mean'
        $verdicts | Out-String -Width 120 | Should -Match 'MeanShift'
    }

    It 'gives comparisons with a verdict on what the sample cannot explain' {
        $verdicts = Test-BnStat $stale -Data $today -PassThru
        $verdicts | Should -HaveCount 6
        foreach ($verdict in $verdicts) {
            $verdict.pstypenames[0, 1] | Should -Be 'PreciseBn.BnVerdict', 'PreciseBn.BnComparison'
            $verdict.Passed | Should -BeFalse
            $verdict.LeastMeanShift | Should -BeLessThan $verdict.MeanShift
        }
    }

    It 'tells with -Verbose what was measured on which data' {
        Get-VerboseLine { Test-BnStat $stale -Data (Get-Calibration @{ Take = 64 }) -WarningAction SilentlyContinue -Verbose } |
            Should -Contain 'Measured 6 layers of stale.pt on 2 batches (1600 items in batches of 32, 64 at most), stopped by DataEnd.'
    }

    It 'completes devices' {
        (TabExpansion2 'Test-BnStat -Device ').CompletionMatches[0].CompletionText | Should -Be 'cpu'
    }

    It 'says with -Verbose what does not pass' {
        Get-VerboseLine { Test-BnStat $stale $precise -Verbose } | Where-Object { $_ -like '*does not pass. *' } | Should -HaveCount 6
    }

    It 'raises no alarm for a small sample, and says that it is small' {
        Test-BnStat $precise -Data $today -Iterations 2 -WarningVariable warnings -WarningAction SilentlyContinue | Should -BeTrue
        $warnings | Should -HaveCount 1
        "$warnings" | Should -Match '^The sample is small'
        $verdicts = Test-BnStat $precise -Data $today -Iterations 2 -PassThru -WarningAction SilentlyContinue
        $verdicts.IsConclusive | Should -Contain $false
        $verdicts | Out-String | Should -Match 'True\? '
        (Test-BnStat $precise -Data $today -PassThru).IsConclusive | Should -Not -Contain $false
    }

    It 'changes no file' {
        $before = (Get-ChildItem $TestDrive).Name
        $null = Test-BnStat $stale -Data $today
        (Get-FileHash $stale).Hash | Should -Be (Get-FileHash (Get-Fixture digits.scripted.pt)).Hash
        (Get-ChildItem $TestDrive).Name | Should -Be $before
    }

    It 'gives no answer after a mistake: <Question>' -ForEach @(
        @{ Question = { Test-BnStat $precise $missing }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = { $missing } }
        @{ Question = { Test-BnStat $today $precise }; ErrorId = 'NotStatistics'; Category = 'InvalidArgument'; Target = { , $today } }
        @{ Question = { Test-BnStat $precise $nothing }; ErrorId = 'NotStatistics'; Category = 'InvalidArgument'; Target = { $nothing } }
        @{ Question = { Test-BnStat $missing -Data $today }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = { $missing } }
        @{ Question = { Test-BnStat $precise -Data $missing }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = { $missing } }
        @{ Question = { Test-BnStat $precise -Data $today -Iterations 1 }; ErrorId = 'SingleBatch'; Category = 'InvalidData'; Target = 'stem.bn' }
        @{ Question = { Test-BnStat (Get-BnModule $stale, $precise) -Data $today }; ErrorId = 'NotOneModel'; Category = 'InvalidArgument'; Target = 2 }
        @{ Question = { Test-BnStat $both -Data $today }; ErrorId = 'ModelUnknown'; Category = 'InvalidArgument'; Target = 'bn' }
    ) {
        $missing = Join-Path $TestDrive 'missing.pt'
        $nothing = @{}
        # Statistics of several estimators are of no file.
        $both = Get-BnModule (Copy-Fixture digits.scripted.pt) -Name bn | Update-BnStat (Get-Calibration @{ Take = 64 }) -Estimator PopulationVariance, MeanOfBatchVariance
        Assert-Mistake { & $Question | ForEach-Object { throw 'an answer' } } "$ErrorId,PreciseBn.PowerShell.TestBnStatCommand" $Category $Target
    }
}
