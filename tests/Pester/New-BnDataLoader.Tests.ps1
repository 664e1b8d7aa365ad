BeforeAll {
    . "$PSScriptRoot/Digits.ps1"

    # The numbers of all batches, in their order.
    function Get-Number {
        param($Loader)
        foreach ($batch in $Loader.Read()) {
            $batch.Inputs[0].data[float]().ToArray()
        }
    }
}

Describe 'New-BnDataLoader' {
    It 'is shown by what it is, and its batches are not run through' {
        $shown = Get-Calibration @{ BatchSize = 100; Order = 'Shuffled'; Seed = 3 } | Out-String -Width 200
        $shown | Should -Match 'Items +: 1600'
        $shown | Should -Match 'Batches +: 16'
        $shown | Should -Match 'Normalization +: uint8 / 255, mean 0.1307, deviation 0.3081'
        $shown | Should -Match 'Order +: Shuffled'
        @(Get-Calibration) | Should -HaveCount 1
    }

    It 'is the same text in every culture' {
        $expected = "$(Get-Calibration)"
        $culture = [cultureinfo]::CurrentCulture
        try {
            [cultureinfo]::CurrentCulture = 'de-DE'
            "$(Get-Calibration)" | Should -BeExactly $expected
        }
        finally {
            [cultureinfo]::CurrentCulture = $culture
        }
    }

    It 'counts items and batches' {
        $loader = Get-Calibration @{ BatchSize = 100 }
        $loader.Count, $loader.BatchCount | Should -Be 1600, 16
        (Get-Calibration @{ Take = 50; DropLast = $true }).BatchCount | Should -Be 1
    }

    It 'divides bytes by 255 and normalises them' {
        $raw = New-BnDataLoader (Get-Fixture digits.calibration.npz) -Key images -Take 1 -Order Sequential
        $normal = Get-Calibration @{ Take = 1 }
        $pixel = foreach ($batch in $raw.Read()) { $batch.Inputs[0].sum().item[float]() }
        $expected = ($pixel - (784 * 0.1307)) / 0.3081
        foreach ($batch in $normal.Read()) { $batch.Inputs[0].sum().item[float]() | Should -BeGreaterThan ($expected - 0.1) }
        foreach ($batch in $normal.Read()) { $batch.Inputs[0].sum().item[float]() | Should -BeLessThan ($expected + 0.1) }
    }

    It 'gives the same order for the same seed' {
        $sums = foreach ($seed in 1, 1, 2) {
            $batch = @((Get-Calibration @{ Order = 'Shuffled'; Seed = $seed; Take = 8 }).Read())[0]
            foreach ($item in $batch) { $item.Inputs[0].sum().item[float]() }
        }
        $sums[0] | Should -Be $sums[1]
        $sums[0] | Should -Not -Be $sums[2]
    }

    It 'takes tensors from the pipeline, and Std for StandardDeviation' {
        $tensor = [TorchSharp.torch]::rand(10, 3)
        ($tensor | New-BnDataLoader -BatchSize 4 -Mean 0.5 -Std 2).BatchCount | Should -Be 3
    }

    It 'reads folders of images' {
        (New-BnDataLoader (Get-Fixture images) -Size 32 -CropSize 28).Count | Should -Be 6
    }

    It 'says what is wrong: <Command>' -ForEach @(
        @{ Command = { New-BnDataLoader missing.npz }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = 'missing.npz' }
        @{ Command = { New-BnDataLoader $arrays }; ErrorId = 'KeyNeeded'; Category = 'InvalidArgument'; Target = $null }
        @{ Command = { New-BnDataLoader $arrays -Key nothing }; ErrorId = 'KeyNotFound'; Category = 'ObjectNotFound'; Target = 'nothing' }
        @{ Command = { New-BnDataLoader $model }; ErrorId = 'ModelAsData'; Category = 'InvalidArgument'; Target = { $model } }
        @{ Command = { New-BnDataLoader $text }; ErrorId = 'UnknownDataFile'; Category = 'NotImplemented'; Target = { $text } }
        @{ Command = { New-BnDataLoader $arrays -Key images -Std 0 }; ErrorId = 'InvalidNormalization'; Category = 'InvalidArgument'; Target = 0.0 }
        @{ Command = { Get-Item $text | ForEach-Object { $_, 1.5 } | New-BnDataLoader }; ErrorId = 'MixedInput'; Category = 'InvalidArgument'; Target = $null }
    ) {
        $arrays = Copy-Fixture digits.test.npz
        $model = Copy-Fixture digits.scripted.pt
        $text = Join-Path $TestDrive 'notes.ps1'
        Set-Content $text 'no data'
        Assert-Mistake $Command "$ErrorId,PreciseBn.PowerShell.NewBnDataLoaderCommand" $Category $Target
    }
}

Describe 'New-BnDataLoader with files and names' {
    BeforeAll {
        Push-Location $TestDrive
        [pscustomobject]@{ id = 'x'; F1 = 1; f2 = 2; label = 0 } | Export-Csv 'Teil 2.csv' -UseQuotes AsNeeded
        [pscustomobject]@{ id = 'y'; F1 = 3; f2 = 4; label = 1 } | Export-Csv 'Teil 10.csv' -UseQuotes AsNeeded
        [pscustomobject]@{ a = 5 } | Export-Csv -LiteralPath 'Teil [1].csv' -UseQuotes AsNeeded
        Copy-Item (Get-Fixture digits.calibration.npz) calibration.npz
        Copy-Item (Get-Fixture tensors/dictionary.pt) dictionary.pt
        Copy-Item (Get-Fixture tables/numbers.parquet) numbers.parquet
    }

    AfterAll {
        Pop-Location
    }

    It 'takes wildcards, lists and the pipeline: <Command>' -ForEach @(
        @{ Command = { New-BnDataLoader 'Teil ?.csv', 'Teil ??.csv' -ExcludeColumn label -Order Sequential }; Numbers = 1, 2, 3, 4 }
        @{ Command = { New-BnDataLoader Teil*[0-9].csv -ExcludeColumn label -Order Sequential }; Numbers = 1, 2, 3, 4 }
        @{ Command = { New-BnDataLoader 'Teil 10.csv', 'Teil 2.csv' -ExcludeColumn LAB* -Order Sequential }; Numbers = 1, 2, 3, 4 }
        @{ Command = { New-BnDataLoader Teil*[0-9].csv -Column label, f? -Order Sequential }; Numbers = 0, 1, 2, 1, 3, 4 }
        @{ Command = { New-BnDataLoader 'Teil 2.csv' -Delimiter ',' -Order Sequential }; Numbers = 1, 2, 0 }
        @{ Command = { Get-ChildItem Teil*[0-9].csv | New-BnDataLoader -Order Sequential }; Numbers = 1, 2, 0, 3, 4, 1 }
        @{ Command = { [pscustomobject]@{ PSPath = Join-Path $PWD 'Teil 2.csv' } | New-BnDataLoader -Column f2 -Order Sequential }; Numbers = 2 }
        @{ Command = { [pscustomobject]@{ PSPath = Join-Path $PWD 'Teil 2.csv' } | New-BnDataLoader -Order Sequential }; Numbers = 1, 2, 0 }
        @{ Command = { New-BnDataLoader -LiteralPath 'Teil [1].csv' -Order Sequential }; Numbers = 5 }
        @{ Command = { Get-Item -LiteralPath 'Teil [1].csv' | New-BnDataLoader -Order Sequential }; Numbers = 5 }
    ) {
        Get-Number (& $Command) | Should -Be $Numbers
    }

    It 'tells with -Verbose which columns are used' {
        Get-VerboseLine { New-BnDataLoader 'Teil 2.csv' -Verbose } | Should -Contain 'The columns that are used: F1, f2, label.'
    }

    It 'is not needed for a table that is given by its path' {
        $model = Copy-Fixture bn1d.scripted.pt
        [pscustomobject]@{ a = 0; b = 1; c = 2; d = 3 }, [pscustomobject]@{ a = 2; b = 5; c = 2; d = -3 } | Export-Csv 'Patienten.csv'
        $stat = Get-BnModule $model | Update-BnStat -Data 'Patienten.csv' -Destination new.pt
        $stat.Mean | Should -Be 1, 3, 2, 0
        $stat.Variance | Should -Be 1, 4, 0, 9
    }

    It 'completes arrays and columns: <Typed>' -ForEach @(
        @{ Typed = 'New-BnDataLoader calibration.npz -Key '; Names = 'images', 'labels' }
        @{ Typed = 'New-BnDataLoader calibration.npz -Key la'; Names = 'labels' }
        @{ Typed = 'New-BnDataLoader dictionary.pt -Key more'; Names = 'more.left', 'more.right.0' }
        @{ Typed = "New-BnDataLoader 'Teil 2.csv' -Column "; Names = 'id', 'F1', 'f2', 'label' }
        @{ Typed = "New-BnDataLoader 'Teil 2.csv', numbers.parquet -ExcludeColumn f"; Names = 'F1', 'f2', 'f' }
        @{ Typed = "New-BnDataLoader -LiteralPath 'Teil [1].csv' -Column "; Names = 'a' }
        @{ Typed = 'Update-BnStat calibration.npz -InputKey '; Names = 'images', 'labels' }
        @{ Typed = 'Measure-BnStat -Data calibration.npz -InputKey la'; Names = 'labels' }
        @{ Typed = 'Measure-BnStat $loader -InputKey '; Names = $null }
        @{ Typed = 'Measure-BnStat $loader -Shard 2/'; Names = '2/2', '2/4', '2/8' }
    ) {
        (TabExpansion2 $Typed $Typed.Length).CompletionMatches.ListItemText | Should -Be $Names
    }
}

Describe 'New-BnDataLoader -Transform' {
    It 'gives the model what the script returns: <Transform>' -ForEach @(
        @{ Transform = { $_ * $factor + 1 } }
        @{ Transform = { param($batch) $batch * $factor + 1 } }
        @{ Transform = { $half = $_ * ($factor / 2); $half = $half * 2; $half + 1 } }
    ) {
        $factor = 3.0
        Get-Number (New-BnDataLoader -InputObject ([float[]](0, 1, 2)) -Order Sequential -Transform $Transform) | Should -Be 1, 4, 7
    }

    It 'has several inputs by key, and gives them in order or by key: <Transform>' -ForEach @(
        @{ Transform = { $_.left + 1; $_.right } }
        @{ Transform = { @{ right = $_.right; left = $_.left + 1 } } }
    ) {
        $batches = @{ Path = Get-Fixture two-inputs.batches.npz; AsBatches = $true; Key = 'left', 'right' }
        $given = @((New-BnDataLoader @batches).Read())[0].Inputs
        $changed = @((New-BnDataLoader @batches -Transform $Transform).Read())[0].Inputs
        ($changed[0] - $given[0] - 1).abs().max().item[float]() | Should -BeLessThan 1e-6
        ($changed[1] - $given[1]).abs().max().item[float]() | Should -Be 0
    }

    It 'leaves the script what it keeps' {
        $mine = [TorchSharp.torch]::tensor([float[]](5))
        $loader = New-BnDataLoader -InputObject ([float[]](0, 1)) -BatchSize 1 -Transform { $mine }
        $null = @($loader.Read())
        Get-Number $loader | Should -Be 5, 5
    }

    It 'gives the statistics of the changed data' {
        $take = @{ Path = Get-Fixture digits.calibration.npz; Key = 'images'; Take = 64; Order = 'Sequential' }
        $stats = foreach ($loader in (Get-Calibration @{ Take = 64 }), (New-BnDataLoader @take -Transform { ($_ - 0.1307) / 0.3081 })) {
            , (Get-BnModule (Copy-Fixture digits.scripted.pt) | Update-BnStat $loader)
        }
        $shifts = (Compare-BnStat $stats[0] $stats[1]).MeanShift
        $shifts | Should -HaveCount 6
        ($shifts | Measure-Object -Maximum).Maximum | Should -BeLessThan 1e-4
    }

    It 'names the batch that the script fails on: <Transform>' -ForEach @(
        @{ Transform = { throw 'the lens is dirty' }; ErrorId = 'TransformFailed'; Told = 'batch 0 (Float32 `[1`]): the lens is dirty.' }
        @{ Transform = { Get-BnModule nowhere.pt; $_ }; ErrorId = 'TransformFailed'; Told = "There is no file 'nowhere.pt'" }
        @{ Transform = { $_.reshape([long[]](5, 5)) }; ErrorId = 'TransformFailed'; Told = 'shape ''`[5, 5`]'' is invalid' }
        @{ Transform = { }; ErrorId = 'NotTransformed'; Told = 'returned nothing for batch 0' }
        @{ Transform = { 'text' }; ErrorId = 'NotTransformed'; Told = 'type String' }
        @{ Transform = { $_; 'text' }; ErrorId = 'NotTransformed'; Told = 'type String' }
    ) {
        $layers = Get-BnModule (Copy-Fixture bn1d.scripted.pt)
        $loader = New-BnDataLoader -InputObject ([float[]](0, 1)) -BatchSize 1 -Transform $Transform
        Assert-Mistake { $layers | Update-BnStat $loader } "$ErrorId,PreciseBn.PowerShell.UpdateBnStatCommand" 'InvalidData' $null
        { $layers | Update-BnStat $loader -ErrorAction Stop } | Should -Throw "*$Told*"
    }

    It 'leaves no tensor of thousands of batches behind' {
        $loader = New-BnDataLoader -InputObject ([float[]](1..3000)) -BatchSize 1 -Transform { $twice = $_ * 2; $view = $twice.view([long[]](1, 1)); $view + 1 }
        $before = [TorchSharp.torch+Tensor]::TotalCount
        foreach ($batch in $loader.Read()) {
            $batch.Dispose()
        }
        # What the script has made is freed when nothing refers to it any more.
        [GC]::Collect()
        [GC]::WaitForPendingFinalizers()
        [TorchSharp.torch+Tensor]::TotalCount | Should -BeLessThan ($before + 100)
    }

    It 'leaves the script what it keeps, of what it got and of what it made' {
        $kept = [Collections.Generic.List[object]]::new()
        $loader = New-BnDataLoader -InputObject ([float[]](1, 2)) -BatchSize 1 -Order Sequential -Transform { $kept.Add($_); $twice = $_ * 2; $kept.Add($twice); $twice }
        foreach ($batch in $loader.Read()) {
            $batch.Dispose()
        }
        $kept | ForEach-Object { $_.item[float]() } | Should -Be 1, 2, 2, 4
    }

    It 'makes other data by another script' {
        $first, $other, $again = foreach ($script in { $_ }, { $_ + 1 }, { $_ }) {
            (New-BnDataLoader -InputObject ([float[]](0, 1)) -Transform $script).Identify()
        }
        $again | Should -Be $first
        $other | Should -Not -Be $first
    }
}
