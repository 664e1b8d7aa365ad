BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    . "$PSScriptRoot/Sessions.ps1"
}

Describe 'The main job' {
    It 'is three lines' {
        $null = Copy-Fixture digits.scripted.pt -As model.pt
        $null = Copy-Fixture digits.calibration.npz
        $done = Invoke-InNewSession {
            $loader = New-BnDataLoader ./digits.calibration.npz -Key images -BatchSize 32 -Mean 0.1307 -StandardDeviation 0.3081
            Get-BnModule model.pt | Update-BnStat -Data $loader -Iterations 50 -Destination model.precise.pt
            Compare-BnStat model.pt model.precise.pt
        }
        $done.Errors | Should -BeNullOrEmpty
        $done.Output | Should -HaveCount 12
        foreach ($layer in 0..5) {
            $stat, $comparison = $done.Output[$layer, ($layer + 6)]
            $stat.pstypenames[0], $comparison.pstypenames[0] | Should -Be 'PreciseBn.BnStat', 'PreciseBn.BnComparison'
            $comparison.Name | Should -Be $stat.Name
            [math]::Abs($comparison.MeanShift - $stat.MeanShift) | Should -BeLessThan 1e-5
        }
    }

    It 'raises the accuracy of the example from 92.1 to 97.1 percent' {
        $done = Invoke-Example digits.ps1 @{ Folder = "$TestDrive" }
        $done.Errors | Should -BeNullOrEmpty
        $done.Output.Name | Should -Be digits.scripted.pt, digits.precise.pt
        $done.Output.Samples | Should -Be 1000, 1000
        $done.Output.Top1 | Should -Be 0.921, 0.971
        Join-Path $TestDrive digits.precise.pt | Should -Exist
    }
}
