BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    . "$PSScriptRoot/Sessions.ps1"
}

Describe 'Drift monitoring' {
    BeforeAll {
        $precise = Join-Path $TestDrive 'precise.pt'
        $null = Get-BnModule (Get-Fixture digits.scripted.pt) | Update-BnStat (Get-Calibration) -Destination $precise
        $common = @{ Data = Get-Fixture digits.test.npz; Loader = Get-DigitsOption }
    }

    It 'appends a verdict on each layer, and exits 1 when one has drifted' {
        $monitor = $common + @{ Log = Join-Path $TestDrive 'drift.csv' }
        $good = Invoke-Example drift-monitor.ps1 ($monitor + @{ Model = $precise })
        $good.ExitCode | Should -Be 0
        $good.Output + $good.Warnings + $good.Errors | Should -BeNullOrEmpty
        $bad = Invoke-Example drift-monitor.ps1 ($monitor + @{ Model = Get-Fixture digits.scripted.pt })
        $bad.ExitCode | Should -Be 1
        $bad.Output + $bad.Errors | Should -BeNullOrEmpty
        $bad.Warnings | Should -HaveCount 6
        $bad.Warnings[0] | Should -Match '^stem\.bn: '

        (Get-Content $monitor.Log)[0] | Should -BeExactly 'Date,Name,MeanShift,LeastMeanShift,VarianceRatio,LeastVarianceRatio,Divergence,LeastDivergence,Passed'
        $log = Import-Csv $monitor.Log
        $log.Passed | Should -Be (@('True') * 6 + @('False') * 6)
        $log.Date | Should -Match '^20\d\d-\d\d-\d\d$'
    }

    It 'writes the same file in a session of <Culture>' -ForEach @(
        @{ Culture = 'de-DE' }
        @{ Culture = 'th-TH' }
    ) {
        $lines = foreach ($language in 'en-US', $Culture) {
            $log = Join-Path $TestDrive "$Culture-$language.csv"
            $null = Invoke-InNewSession {
                param($language, $example, $option)
                [cultureinfo]::CurrentCulture = $language
                & $example @option
            } @{ language = $language; example = "$PSScriptRoot/../../module/examples/drift-monitor.ps1"; option = $common + @{ Model = $precise; Log = $log } }
            , ((Get-Content $log) -replace '^20\d\d-\d\d-\d\d')
        }
        $lines[0] | Should -HaveCount 7
        $lines[1] | Should -Be $lines[0]
    }

    It 'is a line of a test' {
        $read = Get-DigitsOption
        $today = New-BnDataLoader (Get-Fixture digits.test.npz) @read
        Test-BnStat $precise -Data $today | Should -BeTrue
        Test-BnStat (Get-Fixture digits.scripted.pt) -Data $today | Should -BeFalse
    }
}
