BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    . "$PSScriptRoot/Sessions.ps1"
}

Describe 'A fleet of models' {
    BeforeEach {
        $folder = New-Item (Join-Path $TestDrive ([guid]::NewGuid())) -ItemType Directory
        Copy-Item (Get-Fixture digits.scripted.pt) (Join-Path $folder model.pt)
        $original = (Get-FileHash (Get-Fixture digits.scripted.pt)).Hash
        $fleet = @{ Folder = "$folder"; Data = Get-Fixture digits.calibration.npz; Loader = Get-DigitsOption; Update = @{ Iterations = 2 } }
    }

    It 'is recomputed but for one bad model, which is named' {
        Set-Content (Join-Path $folder a-text.pt) 'not a model'
        Move-Item (Copy-ChangedModel dict-out.scripted.pt other.pt 'torch.batch_norm(' 'torch.other(') $folder
        Copy-Item (Get-Fixture digits.traced.pt) (Join-Path $folder traced.pt)
        $done = Invoke-Example fleet.ps1 $fleet
        $done.ExitCode | Should -Be 1
        $summary = $done.Output | ConvertTo-Csv | ConvertFrom-Csv
        $summary.Model | Should -Be 'a-text.pt', 'model.pt', 'other.pt', 'traced.pt'
        $summary.Result | Should -Be 'Failed', 'Recomputed', 'NoBatchNorm', 'Recomputed'
        $summary[0].Reason | Should -Match 'a-text\.pt'
        (Get-FileHash (Join-Path $folder model.pt.bak)).Hash | Should -Be $original
        (Get-FileHash (Join-Path $folder model.pt)).Hash | Should -Not -Be $original
    }

    It 'tells the accuracy of each model, before and after' {
        $done = Invoke-Example fleet.ps1 ($fleet + @{ Labelled = Get-Fixture digits.test.npz; LabelKey = 'labels' })
        $done.ExitCode | Should -Be 0
        $done.Output[0].Before | Should -Be 0.921
        $done.Output[0].After | Should -BeGreaterThan 0.95
    }

    It 'may be large: the bad one is named, and all others are recomputed' -Tag Once {
        # Every new file is slow under Wine.
        $size = $IsWindows ? 50 : 500
        Remove-Item (Join-Path $folder model.pt)
        foreach ($number in 1..$size) {
            Copy-Item (Get-Fixture bn1d.scripted.pt) (Join-Path $folder ('{0:000}.pt' -f $number))
        }
        Set-Content (Join-Path $folder 025.pt) 'not a model'
        $data = Join-Path $TestDrive tiny.csv
        @('a,b,c,d') + (1..64 | ForEach-Object { "$($_ % 7),$($_ % 5),$($_ % 3),$_" }) | Set-Content $data
        $done = Invoke-Example fleet.ps1 @{ Folder = "$folder"; Data = $data; Update = @{ Iterations = 2; Force = $true } }
        $done.ExitCode | Should -Be 1
        $done.Output | Should -HaveCount $size
        $bad = $done.Output | Where-Object Result -NE Recomputed
        $bad.Model, $bad.Result | Should -Be 025.pt, Failed
        $done.Output.MeanShift | Where-Object { $_ } | Sort-Object -Unique | Should -HaveCount 1
        Get-ChildItem $folder *.bak | Should -HaveCount ($size - 1)
        (Get-ChildItem $folder *.pt | Get-FileHash).Hash | Sort-Object -Unique | Should -HaveCount 2
    }

    It 'exits with 0 if none is bad, and goes into another folder' {
        $new = Join-Path $folder new/deep
        $done = Invoke-Example fleet.ps1 ($fleet + @{ Destination = $new })
        $done.ExitCode | Should -Be 0
        $done.Output | Should -HaveCount 1
        $done.Output[0].Layers, $done.Output[0].Batches | Should -Be 6, 2
        $stats = Compare-BnStat (Join-Path $folder model.pt) (Join-Path $new model.pt)
        [math]::Abs($done.Output[0].MeanShift - ($stats.MeanShift | Measure-Object -Maximum).Maximum) | Should -BeLessThan 1e-5
        [math]::Abs($done.Output[0].VarianceRatio - ($stats.VarianceRatio | Measure-Object -Maximum).Maximum) | Should -BeLessThan 1e-5
        (Get-FileHash (Join-Path $folder model.pt)).Hash | Should -Be $original
    }
}
