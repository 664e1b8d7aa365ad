BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Compare-BnStat' {
    It 'finds no difference between files with the same statistics' {
        $model = Get-Fixture digits.scripted.pt
        $found = Compare-BnStat $model (Get-Fixture digits.scripted-extra.pt)
        $found | Should -HaveCount 6
        $found | ForEach-Object { $_.MeanShift, $_.VarianceRatio, $_.Divergence | Should -Be 0, 1, 0 }
    }

    It 'measures shifts in deviations of the reference, and ratios of variances' {
        $expected = Get-ExpectedStat stem.bn
        $stat = Get-BnModule (Copy-Fixture digits.scripted.pt) -Name stem.bn | Update-BnStat (Get-Calibration)
        $found = $stat | Compare-BnStat -Reference (Get-Fixture digits.scripted.pt) | Where-Object Presence -EQ Both
        $old = Get-BnModule (Get-Fixture digits.scripted.pt) -Name stem.bn
        $ratios = 0..15 | ForEach-Object { $ratio = $expected.Variance[$_] / $old.Variance[$_]; [math]::Max($ratio, 1 / $ratio) }
        [math]::Abs($found.VarianceRatio - ($ratios | Measure-Object -Maximum).Maximum) | Should -BeLessThan 1e-3
        $shifts = 0..15 | ForEach-Object { [math]::Abs($expected.Mean[$_] - $old.Mean[$_]) / [math]::Sqrt($old.Variance[$_]) }
        [math]::Abs($found.MeanShift - ($shifts | Measure-Object -Maximum).Maximum) | Should -BeLessThan 1e-3
    }

    It 'tells of layers on one side only' {
        $model = Get-Fixture digits.scripted.pt
        $found = Compare-BnStat (Get-BnModule $model -Name stem.bn, bn) (Get-BnModule $model -Name bn, body.0.bn)
        $found.Name | Should -Be 'stem.bn', 'bn', 'body.0.bn'
        $found.Presence | Should -Be 'ReferenceOnly', 'Both', 'DifferenceOnly'
        $found.Divergence | Should -Be $null, 0, $null
    }

    It 'chooses layers by -Name, as the reference has them' {
        $model = Get-Fixture digits.scripted.pt
        (Compare-BnStat -ReferenceObject $model -DifferenceObject (Get-Fixture digits.checkpoint.pth) -Name body*, bn).Name |
            Should -Be 'body.0.bn', 'body.1.bn', 'body.2.bn', 'body.3.bn', 'bn'
        Compare-BnStat $model $model -Name nothing* 3>&1 | Should -Match 'None of the 6 BatchNorm layers'
        Assert-Mistake { Compare-BnStat $model $model -Name stem } 'LayerNotFound,PreciseBn.PowerShell.CompareBnStatCommand' 'ObjectNotFound' 'stem'
    }

    It 'says how bad it is' {
        $model = Get-Fixture digits.scripted.pt
        $stats = Get-BnModule $model | Update-BnStat (Get-Calibration) -Destination (Join-Path $TestDrive new.pt)
        (Compare-BnStat $model $stats | Where-Object Severity -EQ Error).Name | Should -Be $stats.Name
        (Compare-BnStat $model $model).Severity | Select-Object -Unique | Should -Be Information
        (Compare-BnStat $model (Get-BnModule $model -Name bn)).Severity | Should -Be (@('Error') * 5 + 'Information')
        "$((Compare-BnStat $model $stats)[0])" | Should -Match '^stem\.bn \(Error: 0\.0\d+ standard deviations, variance x 2\.\d+\)$'
    }

    It 'tells with -Verbose how many layers are on each side' {
        $model = Get-Fixture digits.scripted.pt
        Get-VerboseLine { Get-BnModule $model -Name stem.bn | Compare-BnStat $model -Verbose } |
            Should -Contain 'Layers on both sides: 1; in the reference alone: 5; in what is compared alone: 0.'
    }

    It 'says what is wrong: <Command>' -ForEach @(
        @{ Command = { Compare-BnStat $model (Join-Path $TestDrive missing.pt) }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = { Join-Path $TestDrive missing.pt } }
        @{ Command = { Compare-BnStat $model $images }; ErrorId = 'NotStatistics'; Category = 'InvalidArgument'; Target = { $images } }
    ) {
        $model = Get-Fixture digits.scripted.pt
        $images = [TorchSharp.torch]::rand(4, 1, 28, 28)
        Assert-Mistake $Command "$ErrorId,PreciseBn.PowerShell.CompareBnStatCommand" $Category $Target
    }
}
