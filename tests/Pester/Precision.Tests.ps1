BeforeAll {
    Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Force
    $fixtures = "$PSScriptRoot/../fixtures"
    $loader = New-BnDataLoader "$fixtures/digits.calibration.npz" -Key images -BatchSize 32 -Mean 0.1307 -StandardDeviation 0.3081
}

Describe 'How precise statistics are' {
    BeforeEach {
        $model = Join-Path $TestDrive 'model.pt'
        Copy-Item "$fixtures/digits.scripted.pt" $model -Force
    }

    It 'stands in the table' {
        $table = Get-BnModule $model -Name stem.bn | Update-BnStat $loader -Iterations 3 | Out-String -Width 120
        $table | Should -Match 'MeanShift +MeanError +VarianceRatio +VarianceError'
    }

    It 'ends the run with -Tolerance' {
        $stat = Get-BnModule $model -Name stem.bn | Update-BnStat $loader -Tolerance 0.05
        $stat.StoppedBy | Should -Be 'Tolerance'
        $stat.Batches | Should -BeGreaterOrEqual 10
        $stat.Batches | Should -BeLessThan 50
        $stat.MeanError, $stat.VarianceError | ForEach-Object { $_ | Should -BeLessThan 0.05 }
    }

    It 'is told for each of several estimators' {
        $stats = Get-BnModule $model -Name bn | Update-BnStat $loader -Iterations 5 -Estimator MeanOfBatchVariance, PopulationVariance
        $stats.Estimator | Should -Be 'MeanOfBatchVariance', 'PopulationVariance'
        $stats[0].VarianceError | Should -Not -Be $stats[1].VarianceError
        (Get-BnModule $model -Name bn).Variance[0] | Should -Be ([float] $stats[0].Variance[0])
    }

    It 'changes with the size of the batches, but not with -Exact' {
        $images = @{ Key = 'images'; Take = 128; Mean = 0.1307; StandardDeviation = 0.3081 }
        $variances = foreach ($size in 2, 64) {
            $batches = New-BnDataLoader "$fixtures/digits.calibration.npz" @images -BatchSize $size
            foreach ($exact in $false, $true) {
                $copy = Join-Path $TestDrive "$size-$exact.pt"
                $stats = Get-BnModule $model | Update-BnStat $batches -Exact:$exact -Destination $copy -Force -InformationAction Ignore
                $stats[-1].Variance[0]
            }
        }
        [math]::Abs($variances[0] / $variances[2] - 1) | Should -BeGreaterThan 0.01
        [math]::Abs($variances[1] / $variances[3] - 1) | Should -BeLessThan 0.0001
    }
}

Describe 'Data that are not all of one kind' {
    BeforeEach {
        $model = Join-Path $TestDrive 'model.pt'
        Copy-Item "$fixtures/digits.scripted.pt" $model -Force
        $good = [TorchSharp.torch]::rand(2, 1, 28, 28)
        $bad = [TorchSharp.torch]::full(2, 1, 28, 28, [float]::NaN)
    }

    It 'are mixed with what was there by -PriorWeight' {
        $layer = Get-BnModule $model -Name stem.bn
        $new = $layer | Update-BnStat $good -Destination (Join-Path $TestDrive 'new.pt') -Force
        $mixed = $layer | Update-BnStat $good -PriorWeight $new.Count -Destination (Join-Path $TestDrive 'mixed.pt') -Force
        $half = ($new.Mean[0] + $layer.Mean[0]) / 2
        [math]::Abs($mixed.Mean[0] - $half) | Should -BeLessThan 1e-9
    }

    It 'name the layer and the batch that has NaN, or leave it out with -SkipNonFinite' {
        { Get-BnModule $model | Update-BnStat @($good, $bad) -ErrorAction Stop } | Should -Throw "The layer 'stem.bn'*batch 1;*"
        $stats = Get-BnModule $model | Update-BnStat @($good, $bad, $good) -SkipNonFinite -WarningVariable warnings -WarningAction SilentlyContinue
        $stats[0].Batches, $stats[0].SkippedBatches | Should -Be 2, 1
        $warnings | Should -HaveCount 1
    }

    It 'pool the uses of a reused layer with -AllowReuse' {
        $reused = Join-Path $TestDrive 'reused.pt'
        Copy-Item "$fixtures/reused.scripted.pt" $reused -Force
        $images = [TorchSharp.torch]::rand(2, 3, 8, 8)
        { Get-BnModule $reused | Update-BnStat $images -ErrorAction Stop } |
            Should -Throw -ErrorId 'LayerReused,PreciseBn.PowerShell.UpdateBnStatCommand'
        (Get-BnModule $reused -Name bn | Update-BnStat $images -AllowReuse).Uses | Should -Be 2
    }
}
