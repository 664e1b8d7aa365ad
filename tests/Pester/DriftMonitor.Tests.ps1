BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Drift monitoring' {
    It 'appends a verdict on each layer, and exits 1 when one has drifted' {
        $log = Join-Path $TestDrive 'drift.csv'
        $monitor = @{ Data = Get-Fixture digits.test.npz; Log = $log; Loader = Get-DigitsOption; WarningAction = 'SilentlyContinue' }
        $precise = Copy-Fixture digits.scripted.pt
        $null = Get-BnModule $precise | Update-BnStat (Get-Calibration)

        & "$PSScriptRoot/../../module/examples/drift-monitor.ps1" -Model $precise @monitor
        $LASTEXITCODE | Should -Be 0
        & "$PSScriptRoot/../../module/examples/drift-monitor.ps1" -Model (Get-Fixture digits.scripted.pt) @monitor
        $LASTEXITCODE | Should -Be 1

        (Import-Csv $log).Passed | Should -Be (@('True') * 6 + @('False') * 6)
    }

    It 'is a line of a test' {
        $precise = Copy-Fixture digits.scripted.pt
        $null = Get-BnModule $precise | Update-BnStat (Get-Calibration)
        $read = Get-DigitsOption
        $today = New-BnDataLoader (Get-Fixture digits.test.npz) @read
        Test-BnStat $precise -Data $today | Should -BeTrue
        Test-BnStat (Get-Fixture digits.scripted.pt) -Data $today | Should -BeFalse
    }
}
