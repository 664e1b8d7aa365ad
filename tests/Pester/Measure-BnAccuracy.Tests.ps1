BeforeAll {
    . "$PSScriptRoot/Digits.ps1"

    function Get-Test {
        param([hashtable] $Option = @{})
        $read = Get-DigitsOption
        New-BnDataLoader (Get-Fixture digits.test.npz) @read @Option
    }

    $model = Get-Fixture digits.scripted.pt
    $precise = Join-Path $TestDrive 'precise [1].pt'
    $null = Get-BnModule $model | Update-BnStat (Get-Calibration) -Destination $precise
}

Describe 'Measure-BnAccuracy' {
    It 'tells which of two models is better' {
        $results = Measure-BnAccuracy -LiteralPath $model, $precise -Data (Get-Test) -LabelKey labels
        $results.Samples | Should -Be 1000, 1000
        $results.Top1 | Should -Be 0.921, 0.971
        $results[1].Gained - $results[1].Lost | Should -Be 50
        $results[1].PValue | Should -BeLessThan 1e-8
        $results[1].Reference | Should -Be digits.scripted.pt
        $results[0].Gained, $results[0].PValue | Should -Be $null, $null
    }

    It 'takes models as <Kind>' -ForEach @(
        @{ Kind = 'paths with wildcards'; Run = { Measure-BnAccuracy (Get-Fixture digits.scripted-tr*.pt) -Data (Get-Test) -LabelKey labels } }
        @{ Kind = 'layers'; Run = { Get-BnModule $model | Measure-BnAccuracy (Get-Test) -LabelKey labels } }
        @{ Kind = 'one of its layers'; Run = { Get-BnModule $model -Name bn | Measure-BnAccuracy (Get-Test) -LabelKey labels } }
        @{ Kind = 'files'; Run = { Get-Item $model | Measure-BnAccuracy (Get-Test) -LabelKey labels } }
        @{ Kind = 'a path twice'; Run = { $model, $model | Measure-BnAccuracy (Get-Test) -LabelKey labels } }
        @{ Kind = 'layers from a file of Export-Clixml'; Run = {
                Get-BnModule $model | Export-Clixml (Join-Path $TestDrive layers.clixml)
                Import-Clixml (Join-Path $TestDrive layers.clixml) | Measure-BnAccuracy (Get-Test) -LabelKey labels
            } }
    ) {
        & $Run | Should -HaveCount 1
        (& $Run).Top1 | Should -Be 0.921
    }

    It 'takes statistics as the model that they were written to' {
        $new = Join-Path $TestDrive new.pt
        $result = Get-BnModule $model | Update-BnStat (Get-Calibration) -Destination $new | Measure-BnAccuracy -Data (Get-Test @{ LabelKey = 'labels' })
        $result.Path, $result.Top1 | Should -Be $new, 0.971
    }

    It 'takes a model in memory' {
        $network = [TorchSharp.torch+nn]::Sequential([TorchSharp.torch+nn]::BatchNorm1d(4), [TorchSharp.torch+nn]::Linear(4, 3))
        $network.train()
        $batch = [TorchSharp.torch]::rand(16, 4), [long[]](@(0, 1, 2, 0) * 4)
        $result = Get-BnModule -Model $network | Measure-BnAccuracy -Data @(, $batch) -LabelKey 1
        $result.Samples, $result.Classes, $result.Top5, $network.training | Should -Be 16, 3, $null, $true
    }

    It 'takes labels of <Kind>' -ForEach @(
        @{ Kind = 'a file'; Data = { Get-Fixture digits.test.npz }; Option = @{ InputKey = 'images'; LabelKey = 'labels' } }
        @{ Kind = 'a loader that has them'; Data = { Get-Test @{ LabelKey = 'labels' } }; Option = @{} }
        @{ Kind = 'tuples'; Data = { (Get-Test @{ LabelKey = 'labels' }).Read() | ForEach-Object { , @($_.Labels, $_.Inputs[0]) } }; Option = @{ LabelKey = 0 } }
        @{ Kind = 'dictionaries'; Data = { (Get-Test @{ LabelKey = 'labels' }).Read() | ForEach-Object { @{ x = $_.Inputs[0]; y = $_.Labels } } }; Option = @{ LabelKey = 'y' } }
    ) {
        (Measure-BnAccuracy $model -Data (& $Data) @Option).Samples | Should -Be 1000
    }

    It 'measures something else: <Kind>' -ForEach @(
        @{ Kind = 'a number a batch'; Metric = { param($output, $label) $output.argmax(1).eq($label).to([TorchSharp.torch]::float64).mean().item[double]() } }
        @{ Kind = 'a tensor a batch'; Metric = { param($output, $label) $output.argmax(1).eq($label) } }
    ) {
        $result = Measure-BnAccuracy $model -Data (Get-Test) -LabelKey labels -Metric $Metric
        [math]::Abs($result.Metric - 0.921) | Should -BeLessThan 1e-12
        $result.MetricError | Should -BeGreaterThan 0.001
        $result.Top1 | Should -BeNullOrEmpty
        "$result" | Should -Be 'digits.scripted.pt: 0.921 on 1000 samples'
    }

    It 'needs no labels for that' {
        (Measure-BnAccuracy $model -Data (Get-Test) -Metric { param($output, $label) [int]($null -eq $label) }).Metric | Should -Be 1
    }

    It 'leaves the loader as it was' {
        $loader = Get-Test
        $null = Measure-BnAccuracy $model -Data $loader -LabelKey labels
        @($loader.Read())[0].Labels | Should -BeNullOrEmpty
        Get-BnModule $model | Measure-BnStat $loader -Iterations 2 | Should -HaveCount 6
    }

    It 'shows percentages and errors in 80 columns' {
        $text = Measure-BnAccuracy -LiteralPath $model, $precise -Data (Get-Test) -LabelKey labels | Out-String -Width 80
        $text | Should -Match '(?m)^ +1000 92\.10 ± 0\.85 %  99\.30 %  0\.3382 ± 0\.0429 +digits\.scripted\.pt\r?$'
        $text | Should -Match '(?m)^ +1000 97\.10 ± 0\.53 %  100\.00 % 0\.1039 ± 0\.0180 \d\.\de-\d\d precise \[1\]\.pt\r?$'
    }

    It 'is at the top of a report, here or as it was received' {
        $accuracy = Measure-BnAccuracy -LiteralPath $model, $precise -Data (Get-Test) -LabelKey labels
        $accuracy | Export-Clixml (Join-Path $TestDrive accuracy.clixml)
        $report = Join-Path $TestDrive report.html
        & { Compare-BnStat $model (Get-BnModule -LiteralPath $precise); Import-Clixml (Join-Path $TestDrive accuracy.clixml) } | Export-BnReport $report
        Get-Content $report -Raw | Should -Match '97\.10 %</strong>.*precise \[1\]\.pt.*more than chance'
    }

    It 'measures agreement without labels, before and after' {
        $results = Measure-BnAccuracy -LiteralPath $model, $precise -Data (Get-Test @{ Order = 'Sequential' }) -Agreement -Threads 1
        $results.Agreement | Should -Be 0.928, 0.985
        $results.ForEach{ [math]::Round($_.Distance, 4) } | Should -Be 1.0429, 0.1772
        $results[1].Gained - $results[1].Lost | Should -Be 57
        $results[1].Reference | Should -Be digits.scripted.pt
        "$($results[1])" | Should -Be 'precise [1].pt: 98.50 % the same, distance 0.1772 on 1000 samples'
    }

    It 'measures agreement of a model in memory, by labels that are there or not' {
        $network = [TorchSharp.torch+nn]::Sequential([TorchSharp.torch+nn]::BatchNorm1d(4), [TorchSharp.torch+nn]::Linear(4, 3))
        $batch = [TorchSharp.torch]::rand(16, 4)
        $result = Get-BnModule -Model $network | Measure-BnAccuracy -Data @(, $batch) -Agreement
        $result.Samples, $result.Batches, $result.Classes | Should -Be 16, 1, 3
        (Measure-BnAccuracy $model -Data (Get-Test @{ LabelKey = 'labels'; Order = 'Sequential' }) -Agreement).Agreement | Should -Be 0.928
    }

    It 'warns of a last batch that is left out' {
        $static = Get-Fixture digits.exported-static32-2.6.pt2
        $result = Measure-BnAccuracy $static -Data (Get-Test @{ Order = 'Sequential' }) -Agreement -WarningVariable warnings -WarningAction SilentlyContinue
        $result.Samples, $result.ItemsLeftOut | Should -Be 992, 8
        $warnings | Should -BeLike 'The last 8 items were left out*digits.exported-static32-2.6.pt2*'
    }

    It 'shows agreement in 80 columns, and in a report as it was received' {
        $agreement = Measure-BnAccuracy -LiteralPath $model, $precise -Data (Get-Test @{ Order = 'Sequential' }) -Agreement
        $text = $agreement | Out-String -Width 80
        $text | Should -Match '(?m)^ +1000 92\.80 ± 0\.82 %  1\.0429 ± 0\.0112 0\.2758 +digits\.scripted\.pt\r?$'
        $text | Should -Match '(?m)^ +1000 98\.50 ± 0\.38 %  0\.1772 ± 0\.0024 0\.0142 +\d\.\de-\d\d precise \[1\]\.pt\r?$'
        $agreement | Export-Clixml (Join-Path $TestDrive agreement.clixml)
        $report = Join-Path $TestDrive agreement.html
        & { Compare-BnStat $model (Get-BnModule -LiteralPath $precise); Import-Clixml (Join-Path $TestDrive agreement.clixml) } | Export-BnReport $report
        Get-Content $report -Raw | Should -Match '98\.50 %</strong>.*precise \[1\]\.pt.*more than chance'
    }

    It 'names models that cannot be judged, and judges the others' {
        $result = Measure-BnAccuracy (Get-Fixture digits.checkpoint.pth), $model -Data (Get-Test) -LabelKey labels -ErrorAction SilentlyContinue -ErrorVariable failures
        $failures.FullyQualifiedErrorId | Should -Be 'NoCodeToEvaluate,PreciseBn.PowerShell.MeasureBnAccuracyCommand'
        $result.Name | Should -Be digits.scripted.pt
    }

    It 'warns of probabilities' {
        $probable = Copy-ChangedModel digits.scripted.pt probable.pt 'return (head).forward(x1, )' 'return torch.softmax((head).forward(x1, ), 1)'
        $result = Measure-BnAccuracy $model, $probable -Data (Get-Test) -LabelKey labels -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -HaveCount 1
        $warnings[0] | Should -Match "What 'probable\.pt' returns are probabilities"
        $result.AreProbabilities | Should -Be $false, $true
        [math]::Abs($result[1].Loss - $result[0].Loss) | Should -BeLessThan 1e-5
    }

    It 'says what is wrong: <Command>' -ForEach @(
        @{ Command = { Measure-BnAccuracy $model -Data (Get-Test) }; ErrorId = 'LabelsNeeded'; Category = 'InvalidArgument'; Target = { Get-Fixture digits.test.npz | Convert-Path } }
        @{ Command = { Measure-BnAccuracy $model -Data (Get-Test) -LabelKey classes }; ErrorId = 'LabelNotFound'; Category = 'ObjectNotFound'; Target = 'classes' }
        @{ Command = { Measure-BnAccuracy $model -Data (Get-Test) -LabelKey labels -InputKey images }; ErrorId = 'OptionWithoutEffect'; Category = 'InvalidArgument'; Target = 'InputKey' }
        @{ Command = { Measure-BnAccuracy $model -Data (Get-Test) -LabelKey labels -OutputKey logits }; ErrorId = 'OutputKeyNotFound'; Category = 'ObjectNotFound'; Target = 'logits' }
        @{ Command = { Measure-BnAccuracy $model -Data (Get-Test) -LabelKey labels -Metric { throw 'no such thing' } }; ErrorId = 'MetricFailed'; Category = 'InvalidData'; Target = $null }
        @{ Command = { Measure-BnAccuracy $model -Data (Get-Test) -LabelKey labels -Metric { 'good' } }; ErrorId = 'MetricNotNumeric'; Category = 'InvalidData'; Target = $null }
        @{ Command = { Measure-BnAccuracy $model -Data (Get-Test) -LabelKey labels -Metric { param($output, $label) $output.argmax(1) -eq $label } }; ErrorId = 'MetricNotNumeric'; Category = 'InvalidData'; Target = $null }
        @{ Command = { Measure-BnAccuracy $model -Data (Get-Test) -LabelKey labels -Agreement }; ErrorId = 'OptionWithoutEffect'; Category = 'InvalidArgument'; Target = 'LabelKey' }
        @{ Command = { Measure-BnAccuracy $model -Data (Get-Test) -Metric { 1 } -Agreement }; ErrorId = 'OptionWithoutEffect'; Category = 'InvalidArgument'; Target = 'Metric' }
        @{ Command = { 7 | Measure-BnAccuracy -Data (Get-Test) -LabelKey labels }; ErrorId = 'NotAModelOrLayer'; Category = 'InvalidArgument'; Target = 7 }
        @{ Command = { Measure-BnAccuracy (Get-Fixture digits.traced-training.pt) -Data (Get-Test) -LabelKey labels }; ErrorId = 'ModelInTraining'; Category = 'NotImplemented'; Target = { Get-Fixture digits.traced-training.pt | Convert-Path } }
    ) {
        Assert-Mistake $Command "$ErrorId,PreciseBn.PowerShell.MeasureBnAccuracyCommand" $Category $Target
    }

    It 'completes the names of arrays' {
        $line = "Measure-BnAccuracy m.pt -Data '$(Get-Fixture digits.test.npz)' -LabelKey la"
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be labels
    }
}
