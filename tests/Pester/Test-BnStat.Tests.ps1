BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Test-BnStat' {
    It 'answers once whether two files agree' {
        $old = Get-Fixture digits.scripted.pt
        $new = Copy-Fixture digits.scripted.pt
        $stats = Get-BnModule $new | Update-BnStat (Get-Calibration)
        Test-BnStat $old $new | Should -BeFalse
        Test-BnStat $old $old | Should -BeTrue
        $stats | Test-BnStat $new | Should -BeTrue
        Test-BnStat $old $new -MeanShift 1 -VarianceRatio 3 -Divergence 0.2 | Should -BeTrue
    }

    It 'says which layers have moved with -PassThru' {
        $new = Copy-Fixture digits.scripted.pt
        $null = Get-BnModule $new | Update-BnStat (Get-Calibration)
        $verdicts = Test-BnStat (Get-Fixture digits.scripted.pt) $new -PassThru -MeanShift 0.6 -VarianceRatio 100 -Divergence 100
        $verdicts.Where({ -not $_.Passed }).Name | Should -Be 'body.1.bn', 'bn'
        $verdicts[-1].Reason | Should -Match 'mean'
        $verdicts | Out-String -Width 120 | Should -Match 'MeanShift'
    }

    It 'raises no alarm for a small sample, and says that it is small' {
        $new = Copy-Fixture digits.scripted.pt
        $null = Get-BnModule $new | Update-BnStat (Get-Calibration)
        Test-BnStat $new -Data (Get-Calibration) -Iterations 2 -WarningVariable warnings -WarningAction SilentlyContinue | Should -BeTrue
        $warnings | Should -Match 'The sample is small'
    }

    It 'tells with -Verbose what was measured on which data' {
        $model = Copy-Fixture digits.scripted.pt
        Get-VerboseLine { Test-BnStat $model -Data (Get-Calibration @{ Take = 64 }) -WarningAction SilentlyContinue -Verbose } |
            Should -Contain 'Measured 6 layers of digits.scripted.pt on 2 batches (1600 items in batches of 32, 64 at most), stopped by DataEnd.'
    }

    It 'completes devices' {
        (TabExpansion2 'Test-BnStat -Device ').CompletionMatches[0].CompletionText | Should -Be 'cpu'
    }

    It 'says what is wrong: <Command>' -ForEach @(
        @{ Command = { Test-BnStat $model (Join-Path $TestDrive missing.pt) }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = { Join-Path $TestDrive missing.pt } }
        @{ Command = { Test-BnStat $loader $model }; ErrorId = 'NotStatistics'; Category = 'InvalidArgument'; Target = { , $loader } }
        @{ Command = { Test-BnStat $model $nothing }; ErrorId = 'NotStatistics'; Category = 'InvalidArgument'; Target = { $nothing } }
    ) {
        $model = Get-Fixture digits.scripted.pt
        $loader = Get-Calibration
        $nothing = @{}
        Assert-Mistake $Command "$ErrorId,PreciseBn.PowerShell.TestBnStatCommand" $Category $Target
    }

    It 'gives no answer after a mistake' {
        Test-BnStat missing.pt -Data (Get-Calibration) -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }
}
