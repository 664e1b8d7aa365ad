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

    It 'gives no answer after a mistake' {
        { Test-BnStat (Get-Fixture digits.scripted.pt) missing.pt -ErrorAction Stop } |
            Should -Throw -ErrorId 'FileNotFound,PreciseBn.PowerShell.TestBnStatCommand'
        Test-BnStat missing.pt -Data (Get-Calibration) -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }
}
