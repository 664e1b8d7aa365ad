BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'A model in memory' {
    It 'is recomputed with the statistics of its inputs' {
        $layer = [TorchSharp.torch+nn]::BatchNorm1d(3)
        $values = [TorchSharp.torch]::rand(50, 3) + 7
        $stat = Get-BnModule -Model $layer | Update-BnStat $values
        [math]::Abs($stat.Mean[0] - $values.mean([long[]]@(0)).data[float]()[0]) | Should -BeLessThan 1e-5
        [math]::Abs($layer.running_mean.data[float]()[0] - $stat.Mean[0]) | Should -BeLessThan 1e-5
    }

    It 'is trained and recomputed by the example' {
        $lines = & "$PSScriptRoot/../../module/examples/live-model.ps1" -Steps 5
        $lines | Should -Match 'Accuracy on 1000 test images with (running|precise) statistics: \d+\.\d %'
    }
}
