BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Update-BnStat' {
    It 'gives the statistics of all values, as float64 does' {
        $stats = Get-BnModule (Copy-Fixture digits.scripted.pt) | Update-BnStat (Get-Calibration)
        $stats | Should -HaveCount 6
        foreach ($stat in $stats) {
            $expected = Get-ExpectedStat $stat.Name
            $stat.Batches, $stat.Count | Should -Be 50, $expected.Count
            Measure-Difference $stat.Variance $expected.Variance | Should -BeLessThan 1e-5
            Measure-Difference $stat.Mean $expected.Mean ($expected.Variance | ForEach-Object { [math]::Sqrt($_) }) | Should -BeLessThan 1e-5
            $stat.StoppedBy | Should -Be 'DataEnd'
            foreach ($uncertainty in $stat.MeanError, $stat.VarianceError) {
                $uncertainty | Should -BeGreaterThan 1e-4
                $uncertainty | Should -BeLessThan 0.1
            }
        }
    }

    It 'takes data as <Form>' -ForEach @(
        @{ Form = 'a tensor'; Update = { $layer | Update-BnStat $images }; Count = 4 }
        @{ Form = 'an array of tensors'; Update = { $layer | Update-BnStat @($images, $images) }; Count = 8 }
        @{ Form = 'a dictionary'; Update = { $layer | Update-BnStat @{ image = $images } }; Count = 4 }
        @{ Form = 'an array of dictionaries'; Update = { $layer | Update-BnStat @(@{ image = $images; label = $images }) -InputKey image }; Count = 4 }
        @{ Form = 'an array of arrays'; Update = { $layer | Update-BnStat (, @($images, $images)) -InputKey 1 }; Count = 4 }
        @{ Form = 'a loader'; Update = { $layer | Update-BnStat (New-BnDataLoader -InputObject $images -BatchSize 2) }; Count = 4 }
        @{ Form = 'an array of numbers'; Update = { $layer | Update-BnStat ([float[,,,]]::new(2, 1, 28, 28)) -Force }; Count = 2 }
    ) {
        $layer = Get-BnModule (Copy-Fixture digits.scripted.pt) -Name stem.bn
        $images = [TorchSharp.torch]::randn(4, 1, 28, 28)
        $stats = @(& $Update)
        $stats | Should -HaveCount 1
        $stats[0].Count | Should -Be ($Count * 784)
    }

    It 'reads <Form> with the defaults of the loader' -ForEach @(
        @{ Form = 'a path'; Data = { Get-Fixture digits.calibration.npz } }
        @{ Form = 'a path with wildcards'; Data = { Get-Fixture digits.calibration.n*z } }
        @{ Form = 'a file'; Data = { Get-Item (Get-Fixture digits.calibration.npz) } }
    ) {
        $layer = Get-BnModule (Copy-Fixture digits.scripted.pt) -Name stem.bn
        $output = $layer | Update-BnStat (& $Data) -InputKey images -Iterations 2 -Force -Verbose 4>&1
        $lines, $stats = $output.Where({ $_ -is [System.Management.Automation.VerboseRecord] }, 'Split')
        $expected = $layer | Update-BnStat (New-BnDataLoader (Get-Fixture digits.calibration.npz) -Key images) -Iterations 2 -Force
        $stats.Mean | Should -Be $expected.Mean
        "$lines" | Should -Match '1600 items in batches of 32'
    }

    It 'does several models with the same data' {
        $models = 'first.pt', 'second.pt' | ForEach-Object { Copy-Fixture digits.scripted.pt -As $_ }
        $stats = Get-BnModule $models -Name stem.bn | Update-BnStat (Get-Calibration) -Iterations 2
        $stats.Path | Should -Be $models
        $stats[1].Mean | Should -Be $stats[0].Mean
    }

    It 'writes several models into a folder' {
        $models = 'first.pt', 'second.pt' | ForEach-Object { Copy-Fixture digits.scripted.pt -As $_ }
        $folder = New-Item (Join-Path $TestDrive several) -ItemType Directory
        $stats = Get-BnModule $models -Name stem.bn | Update-BnStat (Get-Calibration) -Iterations 2 -Destination $folder
        (Get-ChildItem $folder).Name | Should -Be 'first.pt', 'second.pt'
        $stats.Path | Should -Be (Get-ChildItem $folder).FullName
        (Get-FileHash $models).Hash | Select-Object -Unique | Should -Be (Get-FileHash (Get-Fixture digits.scripted.pt)).Hash
    }

    It 'finds before it begins that a file is there for one of several models' {
        $models = 'first.pt', 'second.pt' | ForEach-Object { Copy-Fixture digits.scripted.pt -As $_ }
        $folder = (New-Item (Join-Path $TestDrive taken) -ItemType Directory).FullName
        Set-Content (Join-Path $folder second.pt) 'mine'
        Assert-Mistake { Get-BnModule $models | Update-BnStat (Get-Calibration) -Destination $folder } 'DestinationExists,PreciseBn.PowerShell.UpdateBnStatCommand' 'ResourceExists' (Join-Path $folder second.pt)
        (Get-ChildItem $folder).Name | Should -Be 'second.pt'
        Get-Content (Join-Path $folder second.pt) | Should -Be 'mine'
        Get-BnModule $models | Update-BnStat (Get-Calibration) -Destination $folder -WhatIf | Should -BeNullOrEmpty
        Get-BnModule $models -Name bn | Update-BnStat (Get-Calibration) -Iterations 2 -Destination $folder -Force | Should -HaveCount 2
    }

    It 'gives each of several estimators, and writes the first' {
        $model = Copy-Fixture digits.scripted.pt
        $stats = Get-BnModule $model | Update-BnStat (Get-Calibration) -Estimator MeanOfBatchVariance, PopulationVariance | Where-Object Name -EQ bn
        $stats.Estimator | Should -Be 'MeanOfBatchVariance', 'PopulationVariance'
        Measure-Difference $stats[0].Variance (Get-ExpectedStat bn).MeanOfBatchVariance | Should -BeLessThan 1e-4
        (Get-BnModule $model -Name bn).Variance[0] | Should -Be ([float] $stats[0].Variance[0])
    }

    It 'writes a copy and leaves the original alone' {
        $model = Copy-Fixture digits.scripted.pt
        $before = (Get-FileHash $model).Hash
        $copy = Join-Path $TestDrive 'copy.pt'
        $stats = Get-BnModule $model | Update-BnStat -Data (Get-Calibration) -Iterations 2 -Destination $copy
        $stats.Path | Select-Object -Unique | Should -Be $copy
        (Get-FileHash $model).Hash | Should -Be $before
        (Get-BnModule $copy)[0].Mean[0] | Should -Be ([float] $stats[0].Mean[0])
    }

    It 'changes a model in place and keeps a backup' {
        $model = Copy-Fixture digits.scripted.pt
        $before = (Get-FileHash $model).Hash
        $null = Get-BnModule $model | Update-BnStat (Get-Calibration) -Iterations 2 -Backup
        (Get-FileHash $model).Hash | Should -Not -Be $before
        (Get-FileHash "$model.bak").Hash | Should -Be $before
    }

    It 'changes nothing and reads no data with -WhatIf' {
        $folder = New-Item (Join-Path $TestDrive whatif) -ItemType Directory
        $model = Copy-Fixture digits.scripted.pt -As whatif/model.pt
        $unread = [System.Linq.Enumerable]::Select([int[]] 1, [Func[int, object]] { throw 'read' })
        Get-BnModule $model | Update-BnStat $unread -WhatIf | Should -BeNullOrEmpty
        { Get-BnModule $model | Update-BnStat $unread -ErrorAction Stop } | Should -Throw
        (Get-FileHash $model).Hash | Should -Be (Get-FileHash (Get-Fixture digits.scripted.pt)).Hash
        (Get-ChildItem $folder -Force).Name | Should -Be 'model.pt'
    }

    It 'changes nothing after an error' {
        $model = Copy-Fixture digits.scripted.pt
        $before = (Get-FileHash $model).Hash
        { Get-BnModule $model | Update-BnStat (Get-Calibration) -Iterations 51 -ErrorAction Stop } |
            Should -Throw -ErrorId 'NotEnoughData,PreciseBn.PowerShell.UpdateBnStatCommand'
        (Get-FileHash $model).Hash | Should -Be $before
    }

    It 'ends with -Tolerance when errors are small enough' {
        $stat = Get-BnModule (Copy-Fixture digits.scripted.pt) -Name stem.bn | Update-BnStat (Get-Calibration) -Tolerance 0.05
        $stat.StoppedBy | Should -Be 'Tolerance'
        $stat.Batches | Should -BeGreaterOrEqual 10
        $stat.Batches | Should -BeLessThan 50
        $stat.MeanError, $stat.VarianceError | ForEach-Object { $_ | Should -BeLessThan 0.05 }
    }

    It 'does not depend on the size of the batches with -Exact' {
        $variances = foreach ($size in 2, 64) {
            foreach ($exact in $false, $true) {
                $model = Copy-Fixture digits.scripted.pt -As "$size-$exact.pt"
                $stats = Get-BnModule $model | Update-BnStat (Get-Calibration @{ Take = 128; BatchSize = $size }) -Exact:$exact -InformationAction Ignore
                $stats[-1].Variance[0]
            }
        }
        [math]::Abs($variances[0] / $variances[2] - 1) | Should -BeGreaterThan 0.01
        [math]::Abs($variances[1] / $variances[3] - 1) | Should -BeLessThan 0.0001
    }

    It 'says beforehand how many passes -Exact takes' {
        $output = Get-BnModule (Copy-Fixture digits.scripted.pt) | Update-BnStat (Get-Calibration) -Exact -Iterations 3 6>&1
        "$($output[0])" | Should -Match '^7 passes over up to 3 batches, about '
        $output | Should -HaveCount 7
    }

    It 'says beforehand what -Exact keeps of an exported program, and where' {
        $layers = Get-BnModule (Copy-Fixture digits.exported-2.6.pt2)
        $output = $layers | Update-BnStat (Get-Calibration) -Exact -Iterations 3 -ActivationMemory 1MB 6>&1
        # The most is the input of the first layer: 32 images of 16×28×28 numbers in each batch.
        "$($output[0])" | Should -Match '^Up to 3 batches, each once, in 6 segments, with up to 4\.6 MB kept between them, 3\.6 MB of it in a temporary file, about '
        $output | Should -HaveCount 7
    }

    It 'warns that -ActivationMemory has no effect on a model that keeps nothing' {
        $exported, $scripted = (Copy-Fixture digits.exported-2.6.pt2), (Copy-Fixture digits.scripted.pt)
        $null = Get-BnModule $exported, $scripted -Name stem.bn |
            Update-BnStat (Get-Calibration) -Exact -Iterations 2 -ActivationMemory 1MB -InformationAction Ignore -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -HaveCount 1
        $warnings | Should -BeLike "-ActivationMemory has no effect on '$scripted', *"
    }

    It 'mixes with what was there by -PriorWeight' {
        $images = [TorchSharp.torch]::randn(2, 1, 28, 28)
        $layer = Get-BnModule (Copy-Fixture digits.scripted.pt) -Name stem.bn
        $new = $layer | Update-BnStat $images -Destination (Join-Path $TestDrive 'new.pt') -Force
        $mixed = $layer | Update-BnStat $images -PriorWeight $new.Count -Destination (Join-Path $TestDrive 'mixed.pt') -Force
        [math]::Abs($mixed.Mean[0] - (($new.Mean[0] + $layer.Mean[0]) / 2)) | Should -BeLessThan 1e-9
    }

    It 'names the layer and the batch with NaN, or leaves it out with -SkipNonFinite' {
        $model = Copy-Fixture digits.scripted.pt
        $good = [TorchSharp.torch]::randn(2, 1, 28, 28)
        $bad = [TorchSharp.torch]::full(2, 1, 28, 28, [float]::NaN)
        { Get-BnModule $model | Update-BnStat @($good, $bad) -ErrorAction Stop } | Should -Throw "The layer 'stem.bn'*batch 1;*"
        $stats = Get-BnModule $model | Update-BnStat @($good, $bad, $good) -SkipNonFinite -WarningVariable warnings -WarningAction SilentlyContinue
        $stats | Should -HaveCount 6
        $stats | ForEach-Object { $_.Batches, $_.SkippedBatches | Should -Be 2, 1 }
        $warnings | Should -HaveCount 1
        "$warnings" | Should -Match '^1 batches with NaN'
    }

    It 'refuses a layer that is reused, or pools its uses with -AllowReuse' {
        $reused = Copy-Fixture reused.scripted.pt
        $images = [TorchSharp.torch]::randn(2, 3, 8, 8)
        { Get-BnModule $reused | Update-BnStat $images -ErrorAction Stop } |
            Should -Throw -ErrorId 'LayerReused,PreciseBn.PowerShell.UpdateBnStatCommand'
        (Get-BnModule $reused -Name bn | Update-BnStat $images -AllowReuse).Uses | Should -Be 2
    }

    It 'shows a table, and goes through JSON and CSV' {
        $stat = Get-BnModule (Copy-Fixture digits.scripted.pt) -Name stem.bn | Update-BnStat (Get-Calibration) -Iterations 2
        $stat | Out-String -Width 120 | Should -Match 'MeanShift +MeanError +VarianceRatio +VarianceError'
        ($stat | ConvertTo-Json | ConvertFrom-Json).Mean.Count | Should -Be 16
        ($stat | Select-Object Name, MeanShift | ConvertTo-Csv | ConvertFrom-Csv).Name | Should -Be 'stem.bn'
    }

    It 'completes devices' {
        (TabExpansion2 'Update-BnStat -Device c').CompletionMatches[0].CompletionText | Should -Be 'cpu'
    }

    It 'tells with -Verbose what was measured, why it ended and what was written where' {
        $model = Copy-Fixture digits.scripted.pt
        $new = Join-Path $TestDrive 'Ergebnis für heute.pt'
        $loader = Get-Calibration @{ Take = 64 }
        $lines = Get-VerboseLine { Get-BnModule $model | Update-BnStat $loader -Backup -Destination $new -Verbose }
        $lines | Should -Contain "Measured 6 layers of '$model' on 2 batches (1600 items in batches of 32, 64 at most), stopped by DataEnd."
        $lines[-1] | Should -BeLike "The statistics of 6 layers were written into '$new' after * s; a backup keeps what was replaced."
        Get-VerboseLine { Get-BnModule $model | Update-BnStat $loader -Iterations 1 -Verbose } | Should -Contain "Measured 6 layers of '$model' on 1 of 2 batches (1600 items in batches of 32, 64 at most), stopped by Iterations."
    }
}

Describe 'Update-BnStat, where it cannot be done' {
    BeforeAll {
        Push-Location $TestDrive
        $script:model = Copy-Fixture digits.scripted.pt
        $script:checkpoint = Copy-Fixture digits.checkpoint.pth
        $script:layers = Get-BnModule $model
        $script:images = [TorchSharp.torch]::randn(4, 1, 28, 28)
        Set-Content text.pt 'not a model'
    }

    AfterAll {
        Pop-Location
    }

    It 'says what is wrong: <Command>' -ForEach @(
        @{ Command = { $layers | Update-BnStat $images -Iterations 2 }; ErrorId = 'NotEnoughData'; Category = 'InvalidData'; Target = { $model } }
        @{ Command = { $layers | Update-BnStat ([TorchSharp.torch]::randn(4, 3)) }; ErrorId = 'ForwardFailed'; Category = 'InvalidData'; Target = { $model } }
        @{ Command = { $layers | Update-BnStat 'text' }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = 'text' }
        @{ Command = { $layers | Update-BnStat text.pt }; ErrorId = 'UnknownDataFile'; Category = 'NotImplemented'; Target = { Join-Path $TestDrive text.pt } }
        @{ Command = { $layers | Update-BnStat (Get-Fixture digits.test.npz) }; ErrorId = 'KeyNeeded'; Category = 'InvalidArgument'; Target = $null }
        @{ Command = { $layers | Update-BnStat @{} }; ErrorId = 'InputKeyNeeded'; Category = 'InvalidArgument'; Target = $null }
        @{ Command = { $layers | Update-BnStat $images -Device cuda:99 }; ErrorId = 'DeviceNotFound'; Category = 'ObjectNotFound'; Target = 'cuda:99' }
        @{ Command = { $layers | Update-BnStat $images -Device tpu }; ErrorId = 'UnknownDevice'; Category = 'InvalidArgument'; Target = 'tpu' }
        @{ Command = { $layers | Update-BnStat $images -Destination text.pt }; ErrorId = 'DestinationExists'; Category = 'ResourceExists'; Target = { Join-Path $TestDrive text.pt } }
        @{ Command = { $layers | Update-BnStat $images -Destination nowhere/x.pt }; ErrorId = 'FolderNotFound'; Category = 'ObjectNotFound'; Target = { Join-Path $TestDrive nowhere x.pt } }
        @{ Command = { Get-BnModule $checkpoint | Update-BnStat $images }; ErrorId = 'NoCodeToRun'; Category = 'NotImplemented'; Target = { $checkpoint } }
    ) {
        Assert-Mistake $Command "$ErrorId,PreciseBn.PowerShell.UpdateBnStatCommand" $Category $Target
        (Get-FileHash $model).Hash | Should -Be (Get-FileHash (Get-Fixture digits.scripted.pt)).Hash
        Get-Content text.pt | Should -Be 'not a model'
    }

    It 'does not write several models to one file' {
        $second = Copy-Fixture digits.scripted.pt -As 'zweites Modell.pt'
        $one = Join-Path $TestDrive 'one.pt'
        Assert-Mistake { Get-BnModule $model, $second | Update-BnStat $images -Destination $one } 'DestinationNotAFolder,PreciseBn.PowerShell.UpdateBnStatCommand' 'InvalidArgument' $one
        $one | Should -Not -Exist
    }

    It 'does not write two models over each other in a folder' {
        $folders = 'left', 'right', 'results' | ForEach-Object { (New-Item -ItemType Directory $_).FullName }
        $models = $folders[0..1] | ForEach-Object { Copy-Item (Get-Fixture digits.scripted.pt) (Join-Path $_ model.pt) -PassThru }
        $result = Join-Path $folders[2] model.pt
        Assert-Mistake { Get-BnModule $models.FullName | Update-BnStat $images -Destination $folders[2] } 'DestinationTwice,PreciseBn.PowerShell.UpdateBnStatCommand' 'InvalidArgument' $result
        $result | Should -Not -Exist
        Assert-Mistake { Get-BnModule $models.FullName | Update-BnStat $images -Destination $folders[0] -Force } 'DestinationTwice,PreciseBn.PowerShell.UpdateBnStatCommand' 'InvalidArgument' $models[0].FullName
    }

    It 'does not write a model over another that is given too' {
        $folder = (New-Item -ItemType Directory others).FullName
        $other = Join-Path $folder (Split-Path -Leaf $model)
        Copy-Item $model $other
        Assert-Mistake { Get-BnModule $model, $other | Update-BnStat $images -Destination $folder -Force } 'DestinationIsSource,PreciseBn.PowerShell.UpdateBnStatCommand' 'InvalidArgument' $other
        (Get-FileHash $other).Hash | Should -Be (Get-FileHash $model).Hash
    }

    It 'tells of hard links' -Skip:$IsWindows {
        $file = Copy-Fixture digits.scripted.pt -As linked.pt
        $null = New-Item -ItemType HardLink -Path (Join-Path $TestDrive 'other name.pt') -Target $file
        $null = Get-BnModule $file | Update-BnStat $images -Iterations 1 -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike "*'$file' has 1 other name*"
    }
}
