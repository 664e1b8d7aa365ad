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
        $lines = @($done.Output -match '^Accuracy')
        $lines | Should -HaveCount 2
        $lines[0] | Should -Match '^Accuracy on 1000 test images before: 92[.,]1 %$'
        $lines[1] | Should -Match '^Accuracy on 1000 test images after:  97[.,]1 %$'
        Join-Path $TestDrive digits.precise.pt | Should -Exist
    }
}
