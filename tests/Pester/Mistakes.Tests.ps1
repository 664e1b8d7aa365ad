BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    Push-Location $TestDrive
    $null = Copy-Fixture digits.scripted.pt -As model.pt
    $null = Copy-Fixture kinds.scripted.pt -As other.pt
    $null = Copy-Fixture digits.exported-2.6.pt2 -As program.pt2
    $null = Copy-Fixture digits.checkpoint.pth -As checkpoint.pth
    $null = Copy-Fixture digits.safetensors -As tensors.safetensors
    $null = Copy-Fixture digits.calibration.npz -As data.npz
    Copy-Item (Get-Fixture images) images -Recurse
    $null = New-Item -ItemType Directory empty, folder
    Set-Content text.txt 'neither a model nor data'
    Set-Content table.csv 'a,b', '1,x'
    Set-Content page.pt '<!DOCTYPE html><title>Sign in</title>'
    foreach ($name in 'nothing.pt', 'nothing.npz', 'junk.npy') {
        $null = New-Item $name
    }
    foreach ($name in 'model.pt', 'data.npz') {
        Set-Content "cut-$name" (Get-Content $name -AsByteStream -Raw)[0..4999] -AsByteStream
    }
    $torch = [TorchSharp.torch]
    $live = [TorchSharp.torch+nn]::Sequential([TorchSharp.torch+nn]::Linear(3, 3), [TorchSharp.torch+nn]::BatchNorm1d(3))
    $loader = New-BnDataLoader data.npz -Key images -Mean 0.1307 -StandardDeviation 0.3081
    $layers = Get-BnModule model.pt
    $partial = $layers | Measure-BnStat $loader -Iterations 2
    $stats = $layers | Update-BnStat $loader -Iterations 2 -Destination new.pt
}

AfterAll {
    Pop-Location
}

Describe 'A mistake at the prompt' {
    # One sentence says what is wrong with what, and another what to do; nothing has been changed or written.
    It 'is told in plain words: <Command> is <ErrorId>' -ForEach @(
        @{ Command = { Get-BnModule missing.pt }; ErrorId = 'FileNotFound' }
        @{ Command = { Get-BnModule folder }; ErrorId = 'PathIsDirectory' }
        @{ Command = { Get-BnModule text.txt }; ErrorId = 'NotAModel' }
        @{ Command = { Get-BnModule nothing.pt }; ErrorId = 'NotAModel' }
        @{ Command = { Get-BnModule page.pt }; ErrorId = 'OtherFormat' }
        @{ Command = { Get-BnModule cut-model.pt }; ErrorId = 'TruncatedFile' }
        @{ Command = { Get-BnModule data.npz }; ErrorId = 'OtherFormat' }
        @{ Command = { Get-BnModule Env:PATH }; ErrorId = 'NotAFilePath' }
        @{ Command = { Get-BnModule nodrive:model.pt }; ErrorId = 'FileNotFound' }
        @{ Command = { Get-BnModule "mo`0del.pt" }; ErrorId = 'InvalidPath' }
        @{ Command = { Get-BnModule model.pt -Name stem }; ErrorId = 'LayerNotFound' }
        @{ Command = { Get-BnModule model.pt -Name '[' }; ErrorId = 'LayerNotFound' }

        @{ Command = { New-BnDataLoader missing.npz }; ErrorId = 'FileNotFound' }
        @{ Command = { New-BnDataLoader nothing.npz }; ErrorId = 'DamagedFile' }
        @{ Command = { New-BnDataLoader cut-data.npz -Key images }; ErrorId = 'DamagedFile' }
        @{ Command = { New-BnDataLoader junk.npy }; ErrorId = 'TruncatedFile' }
        @{ Command = { New-BnDataLoader data.npz }; ErrorId = 'KeyNeeded' }
        @{ Command = { 'data.npz' | New-BnDataLoader -Key nothing }; ErrorId = 'KeyNotFound' }
        @{ Command = { New-BnDataLoader table.csv -Column b }; ErrorId = 'NotANumber' }
        @{ Command = { New-BnDataLoader table.csv -Column c }; ErrorId = 'ColumnNotFound' }
        @{ Command = { New-BnDataLoader empty }; ErrorId = 'NoImages' }
        @{ Command = { New-BnDataLoader text.txt }; ErrorId = 'UnknownDataFile' }
        @{ Command = { New-BnDataLoader model.pt }; ErrorId = 'ModelAsData' }
        @{ Command = { New-BnDataLoader images -Mean 1, 2 }; ErrorId = 'WrongChannelCount' }
        @{ Command = { New-BnDataLoader images, data.npz }; ErrorId = 'MixedPaths' }
        @{ Command = { New-BnDataLoader data.npz -Key images -StandardDeviation 0 }; ErrorId = 'InvalidNormalization' }
        @{ Command = { New-BnDataLoader data.npz -Key images -StandardDeviation -1 }; ErrorId = 'InvalidNormalization' }
        @{ Command = { New-BnDataLoader data.npz -Key images -Mean ([double]::NaN) }; ErrorId = 'InvalidNormalization' }
        @{ Command = { New-BnDataLoader data.npz -Key images -Column a }; ErrorId = 'NotATable' }
        @{ Command = { New-BnDataLoader data.npz -Key images -Order Sequential -Seed 3 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { New-BnDataLoader data.npz -Key images -CropSize 20 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { New-BnDataLoader table.csv -Grayscale }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { New-BnDataLoader data.npz -Key images -SkipUnreadable }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { New-BnDataLoader data.npz -Key images -AsBatches -BatchSize 3 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { New-BnDataLoader data.npz -Key images -AsBatches -DropLast }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { New-BnDataLoader data.npz -Key images -KeepInteger -Mean 0.1307 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { New-BnDataLoader images -Key images }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { New-BnDataLoader images -ExcludeColumn a }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { New-BnDataLoader images -AsBatches }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { Get-Item images | New-BnDataLoader -KeepInteger }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { New-BnDataLoader table.csv -Column '[' }; ErrorId = 'ColumnNotFound' }
        @{ Command = { New-BnDataLoader -InputObject $torch::ones(4, 3), $torch::ones(4, 3) -Mean 0.5 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { New-BnDataLoader -InputObject $torch::ones(4, 3) -LabelKey 0 }; ErrorId = 'NoArrays' }
        @{ Command = { New-BnDataLoader images -CropSize 4000 }; ErrorId = 'ImageTooSmall' }
        @{ Command = { New-BnDataLoader -InputObject @{ a = 1 } }; ErrorId = 'NotData' }
        @{ Command = { , $torch::ones(4, 3) | New-BnDataLoader -Key images }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { , [float[,]]::new(4, 3) | New-BnDataLoader -Column a }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { $torch::ones(4, 3, 8, 8) | New-BnDataLoader -Size 5 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { 1.5, 2.5 | New-BnDataLoader -Delimiter ';' }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { Get-Item text.txt | ForEach-Object { $_, 1.5 } | New-BnDataLoader }; ErrorId = 'MixedInput' }

        @{ Command = { $layers | Update-BnStat }; ErrorId = 'DataNeeded' }
        @{ Command = { $layers | Update-BnStat missing.npz }; ErrorId = 'FileNotFound' }
        @{ Command = { $layers | Update-BnStat '' }; ErrorId = 'InvalidPath' }
        @{ Command = { $layers | Update-BnStat 5 }; ErrorId = 'NotData' }
        @{ Command = { $layers | Update-BnStat (Get-Date) -Iterations 2 }; ErrorId = 'NotData' }
        @{ Command = { $layers | Update-BnStat @() }; ErrorId = 'NoData' }
        @{ Command = { $layers | Update-BnStat @{ a = 1 } -Iterations 2 }; ErrorId = 'NotData' }
        @{ Command = { $layers | Update-BnStat $torch::ones(4, 1, 28, 28), 'two' -Iterations 3 }; ErrorId = 'NotData' }
        @{ Command = { $layers | Update-BnStat @{ a = $torch::ones(4, 1, 28, 28); b = 1 } -Iterations 3 }; ErrorId = 'InputKeyNeeded' }
        @{ Command = { $layers | Update-BnStat $torch::zeros(0, 1, 28, 28) }; ErrorId = 'NothingReached' }
        @{ Command = { $layers | Update-BnStat $torch::randn(1, 1, 1, 1) }; ErrorId = 'SingleValue' }
        @{ Command = { $layers | Update-BnStat $torch::full([long[]](2, 1, 28, 28), [double]::NaN) }; ErrorId = 'NotFinite' }
        @{ Command = { $layers | Update-BnStat $torch::zeros(2, 3) }; ErrorId = 'ForwardFailed' }
        @{ Command = { $layers | Update-BnStat (New-BnDataLoader data.npz -Key images) }; ErrorId = 'DataScaledOtherwise' }
        @{ Command = { $layers | Update-BnStat (New-BnDataLoader data.npz -Key labels) }; ErrorId = 'ForwardFailed' }
        @{ Command = { $layers | Update-BnStat $loader -Iterations 100 }; ErrorId = 'NotEnoughData' }
        @{ Command = { $layers | Update-BnStat $loader -InputKey images }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { $layers | Update-BnStat images -InputKey images }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { $layers | Update-BnStat $torch::zeros(2, 1, 28, 28) -InputKey images }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { $layers | Update-BnStat $loader -AllowOperator from_fiel }; ErrorId = 'NothingToAllow' }
        @{ Command = { $layers | Update-BnStat $loader -AllowOperator aten::relu -WhatIf }; ErrorId = 'NothingToAllow' }
        @{ Command = { $layers | Update-BnStat $loader -Device nothing }; ErrorId = 'UnknownDevice' }
        @{ Command = { $layers | Update-BnStat $loader -Device cuda:99 }; ErrorId = 'DeviceNotFound' }
        @{ Command = { $layers | Update-BnStat $loader -Method nothing }; ErrorId = 'NoForward' }
        @{ Command = { $layers | Update-BnStat $loader -Argument @{ t = 2 } }; ErrorId = 'NoSuchArgument' }
        @{ Command = { $layers | Update-BnStat $loader -Argument @{ x = 2 } }; ErrorId = 'WrongArgument' }
        @{ Command = { $layers | Update-BnStat $loader -Destination new.pt }; ErrorId = 'DestinationExists' }
        @{ Command = { $layers | Update-BnStat $loader -Destination new.pt2 }; ErrorId = 'WrongEnding' }
        @{ Command = { $layers | Update-BnStat $loader -Destination new.pt2 -WhatIf }; ErrorId = 'WrongEnding' }
        @{ Command = { Update-BnStat $loader program.pt2 -Destination other.pt -Force }; ErrorId = 'WrongEnding' }
        @{ Command = { Update-BnStat $loader program.pt2 -Method encode }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { Update-BnStat $loader program.pt2 -Argument @{ t = 2 } }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { $layers | Update-BnStat $loader -Destination new-*.pt }; ErrorId = 'InvalidPath' }
        @{ Command = { $stats | Update-BnStat -Destination new.csv }; ErrorId = 'WrongEnding' }
        @{ Command = { $layers | Update-BnStat $loader -Destination missing/new.pt }; ErrorId = 'FolderNotFound' }
        @{ Command = { Get-BnModule model.pt, other.pt | Update-BnStat $loader -Destination both.pt }; ErrorId = 'DestinationNotAFolder' }
        @{ Command = { Get-BnModule checkpoint.pth | Update-BnStat $loader }; ErrorId = 'NoCodeToRun' }
        @{ Command = { Update-BnStat model.pt $loader }; ErrorId = 'ModelAsData' }
        @{ Command = { Update-BnStat $loader text.txt }; ErrorId = 'NotAModel' }
        @{ Command = { 5 | Update-BnStat $loader }; ErrorId = 'NotAModelOrLayer' }
        @{ Command = { & { Get-BnModule model.pt; $stats[0] } | Update-BnStat }; ErrorId = 'DataNeeded' }
        @{ Command = { $stats | Update-BnStat -Iterations 3 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { $stats | Update-BnStat -Threads 1 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { $stats | Update-BnStat -Exact }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { $stats | Update-BnStat -PriorWeight 100 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { $stats | Update-BnStat -Program main }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { Update-BnStat -InputObject $layers }; ErrorId = 'DataNeeded' }
        @{ Command = { $stats | Update-BnStat -AllowTf32 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { $layers | Update-BnStat $loader -ActivationMemory 1GB }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { & { $stats; $stats } | Update-BnStat -Destination twice.pt }; ErrorId = 'LayerGivenTwice' }
        @{ Command = { & { $stats[0..2]; Get-BnModule model.pt | Measure-BnStat $loader -Iterations 2 | Merge-BnStat } | Update-BnStat -Destination mixed.pt }; ErrorId = 'ModelsMixed' }
        @{ Command = { 'missing.pt' | Update-BnStat }; ErrorId = 'FileNotFound' }
        @{ Command = { 'model.pt' | Update-BnStat }; ErrorId = 'DataNeeded' }
        @{ Command = { $partial[0] | Update-BnStat -Destination never.pt }; ErrorId = 'NotAModelOrLayer' }
        @{ Command = { Get-BnModule -Model $live | Update-BnStat $torch::randn(4, 3) -Destination live.pt }; ErrorId = 'NoFileToWrite' }
        @{ Command = { Get-BnModule -Model $live | Update-BnStat $torch::randn(4, 3) -Backup }; ErrorId = 'NoFileToWrite' }
        @{ Command = { Get-BnModule -Model $live | Update-BnStat $torch::randn(4, 3) -Method other }; ErrorId = 'OptionWithoutEffect' }

        @{ Command = { $layers | Measure-BnStat $loader -Shard 3/2 }; ErrorId = 'NotAShard' }
        @{ Command = { $layers | Measure-BnStat $loader -Shard third }; ErrorId = 'NotAShard' }
        @{ Command = { $layers | Measure-BnStat $loader -Every 5 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { $layers | Measure-BnStat $torch::randn(2, 1, 28, 28) -Checkpoint part.safetensors }; ErrorId = 'DataNameNeeded' }
        @{ Command = { $layers | Measure-BnStat $loader -Checkpoint missing/part.safetensors }; ErrorId = 'FolderNotFound' }
        @{ Command = { $layers | Measure-BnStat $loader -Checkpoint part.pt }; ErrorId = 'WrongEnding' }
        @{ Command = { $layers | Measure-BnStat $loader -Checkpoint tensors.safetensors }; ErrorId = 'NotAPartial' }
        @{ Command = { Merge-BnStat missing*.safetensors }; ErrorId = 'FileNotFound' }
        @{ Command = { Merge-BnStat tensors.safetensors }; ErrorId = 'NotAPartial' }
        @{ Command = { 5 | Merge-BnStat }; ErrorId = 'NotAPartial' }
        @{ Command = { $partial | Merge-BnStat -AsPartial -PriorWeight 100 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { $partial, $partial | Merge-BnStat }; ErrorId = 'ShardTwice' }
        @{ Command = { $layers | Measure-BnStat $loader -Shard 1/2 | Merge-BnStat }; ErrorId = 'ShardsMissing' }

        @{ Command = { Set-BnStat text.txt -From model.pt }; ErrorId = 'NotAModel' }
        @{ Command = { Set-BnStat checkpoint.pth -From text.txt }; ErrorId = 'NotAModel' }
        @{ Command = { Set-BnStat other.pt -From model.pt }; ErrorId = 'LayersNotInFile' }
        @{ Command = { $layers[0] | Set-BnStat checkpoint.pth }; ErrorId = 'LayersNotGiven' }
        @{ Command = { $layers | Set-BnStat checkpoint.pth -Map @{ 'nothing*' = 'none*' } }; ErrorId = 'LayerNotFound' }
        @{ Command = { $layers | Set-BnStat checkpoint.pth -Map @{ nothing = 'none' } -AllowPartial }; ErrorId = 'LayerNotFound' }
        @{ Command = { $layers | Set-BnStat checkpoint.pth -Destination new.safetensors }; ErrorId = 'WrongEnding' }
        @{ Command = { Set-BnStat tensors.safetensors -From model.pt -Destination copy.pt -WhatIf }; ErrorId = 'WrongEnding' }
        @{ Command = { $layers | Set-BnStat checkpoint.pth -Destination new.pt }; ErrorId = 'DestinationExists' }
        @{ Command = { 5 | Set-BnStat checkpoint.pth }; ErrorId = 'NotStatistics' }

        @{ Command = { $stats | Export-BnStat tensors.safetensors }; ErrorId = 'DestinationExists' }
        @{ Command = { $stats | Export-BnStat stats.pth }; ErrorId = 'WrongEnding' }
        @{ Command = { $partial | Export-BnStat stats.json -WhatIf }; ErrorId = 'WrongEnding' }
        @{ Command = { $stats | Export-BnStat *.safetensors }; ErrorId = 'InvalidPath' }
        @{ Command = { $stats | Export-BnStat missing/stats.safetensors }; ErrorId = 'FolderNotFound' }
        @{ Command = { $stats[0], $partial[0] | Export-BnStat both.safetensors }; ErrorId = 'MixedStatistics' }
        @{ Command = { 5 | Export-BnStat five.safetensors }; ErrorId = 'NotStatistics' }
        @{ Command = { Import-BnStat missing.safetensors }; ErrorId = 'FileNotFound' }
        @{ Command = { Import-BnStat model.pt }; ErrorId = 'NotExported' }

        @{ Command = { Compare-BnStat model.pt missing.pt }; ErrorId = 'FileNotFound' }
        @{ Command = { Compare-BnStat model.pt $loader }; ErrorId = 'NotStatistics' }
        @{ Command = { Compare-BnStat model.pt new.pt -Name stem }; ErrorId = 'LayerNotFound' }
        @{ Command = { Test-BnStat model.pt 5 }; ErrorId = 'NotStatistics' }
        @{ Command = { Test-BnStat model.pt new.pt -Iterations 5 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { Test-BnStat model.pt, other.pt -Data $loader }; ErrorId = 'NotOneModel' }
        @{ Command = { Test-BnStat model.pt -Data missing.npz }; ErrorId = 'FileNotFound' }
        @{ Command = { Test-BnStat model.pt -Data $loader -Name nothing }; ErrorId = 'LayerNotFound' }
        @{ Command = { Test-BnStat model.pt new.pt -Name nothing }; ErrorId = 'LayerNotFound' }
        @{ Command = { Measure-BnAccuracy model.pt -Data $loader -Metric { 'text' } }; ErrorId = 'MetricNotNumeric' }
        @{ Command = { Measure-BnAccuracy model.pt -Data $loader -Metric { throw 'no lens' } }; ErrorId = 'MetricFailed' }
        @{ Command = { Measure-BnAccuracy model.pt -Data $loader -Metric { $null } }; ErrorId = 'MetricNotNumeric' }
        @{ Command = { Measure-BnAccuracy model.pt -Data $loader -Metric { } }; ErrorId = 'WrongMetricCount' }
        @{ Command = { Get-BnModule -Model $live | Measure-BnAccuracy -Data $loader -Metric { 1 } -Method other }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { Get-BnModule -Model $live | Measure-BnAccuracy -Data $loader -Agreement -Method other }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { Test-BnModule text.txt }; ErrorId = 'NotAModel' }
        @{ Command = { Test-BnModule model.pt -Tolerance 0.01 }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { Merge-BnModel model.pt, new.pt -Destination average.pt2 }; ErrorId = 'WrongEnding' }
        @{ Command = { Test-BnModule model.pt -Data 5 }; ErrorId = 'NotData' }

        @{ Command = { $stats | Export-BnReport report.pdf }; ErrorId = 'UnknownReportFormat' }
        @{ Command = { $stats | Export-BnReport report.svg -Format Html }; ErrorId = 'WrongEnding' }
        @{ Command = { $stats | Export-BnReport report.csv -Format Html }; ErrorId = 'WrongEnding' }
        @{ Command = { $stats | Export-BnReport report.svg -Title Drift }; ErrorId = 'OptionWithoutEffect' }
        @{ Command = { $stats | Export-BnReport report.html -Finding 5 }; ErrorId = 'NotReportable' }
        @{ Command = { $stats | Export-BnReport missing/report.html }; ErrorId = 'FolderNotFound' }
        @{ Command = { 5 | Export-BnReport report.html }; ErrorId = 'NotReportable' }
        @{ Command = { Export-BnReport report.html -Reference model.pt -Difference missing.pt }; ErrorId = 'FileNotFound' }
    ) {
        $before = Get-ChildItem -Recurse -File | Get-FileHash | ForEach-Object { "$($_.Path) $($_.Hash)" }
        $failures = @(try { & $Command 3>$null 2>&1 | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] } } catch { $_ })
        $failures | Should -HaveCount 1
        ($failures.FullyQualifiedErrorId -split ',')[0] | Should -Be $ErrorId
        "$failures" | Should -Match '^\S.*[^.]\. \S.*\.$'
        "$failures" | Should -Not -MatchExactly '\n|System\.|Exception'
        Get-ChildItem -Recurse -File | Get-FileHash | ForEach-Object { "$($_.Path) $($_.Hash)" } | Should -Be $before
    }
}
