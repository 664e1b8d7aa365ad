BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'A model that is kept precise where it lies: <_>' -ForEach @(
    'digits.scripted.pt'
    'digits.traced.pt'
    'digits.exported-2.6.pt2'
    'digits.exported-2.14.pt2'
) {
    It 'is updated in place, set into a checkpoint, reported and gated' {
        $folder = (New-Item (Join-Path $TestDrive 'in place') -ItemType Directory -Force).FullName
        $model = Copy-Fixture $_ "in place/$_"
        $checkpoint = Copy-Fixture digits.checkpoint.pth 'in place/checkpoint.pth'
        $report = Join-Path $folder 'report.html'

        $stats = Get-BnModule $model | Update-BnStat (Get-Calibration) -Backup
        $stats | Should -HaveCount 6
        foreach ($stat in $stats) {
            $expected = Get-ExpectedStat $stat.Name
            Measure-Difference $stat.Variance $expected.Variance | Should -BeLessThan 1e-5
            Measure-Difference $stat.Mean $expected.Mean ($expected.Variance | ForEach-Object { [math]::Sqrt($_) }) | Should -BeLessThan 1e-5
        }
        $stats | Set-BnStat $checkpoint
        Export-BnReport $report -Reference "$model.bak" -Difference $model

        (Get-FileHash "$model.bak").Hash | Should -Be (Get-FileHash (Get-Fixture $_)).Hash
        Get-Content $report -Raw | Should -Match 'stem\.bn'
        (Get-BnModule $checkpoint).Mean | Should -Be (Get-BnModule $model).Mean
        (Get-BnModule $checkpoint).Variance | Should -Be (Get-BnModule $model).Variance
        Test-BnStat $model -Data (Get-Calibration) | Should -BeTrue
        Test-BnStat "$model.bak" $model | Should -BeFalse
        (Get-ChildItem $folder -Force).Name | Sort-Object | Should -Be ('checkpoint.pth', $_, "$_.bak", 'report.html' | Sort-Object)
    }

    AfterEach {
        Remove-Item (Join-Path $TestDrive 'in place') -Recurse
    }
}
