BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'New-BnDataLoader' {
    It 'counts items and batches' {
        $loader = Get-Calibration @{ BatchSize = 100 }
        $loader.Count, $loader.BatchCount | Should -Be 1600, 16
        (Get-Calibration @{ Take = 50; DropLast = $true }).BatchCount | Should -Be 1
    }

    It 'divides bytes by 255 and normalises them' {
        $raw = New-BnDataLoader (Get-Fixture digits.calibration.npz) -Key images -Take 1
        $normal = Get-Calibration @{ Take = 1 }
        $pixel = foreach ($batch in $raw) { $batch.Inputs[0].sum().item[float]() }
        $expected = ($pixel - (784 * 0.1307)) / 0.3081
        foreach ($batch in $normal) { $batch.Inputs[0].sum().item[float]() | Should -BeGreaterThan ($expected - 0.1) }
        foreach ($batch in $normal) { $batch.Inputs[0].sum().item[float]() | Should -BeLessThan ($expected + 0.1) }
    }

    It 'gives the same order for the same seed' {
        $sums = foreach ($seed in 1, 1, 2) {
            $batch = @(Get-Calibration @{ Shuffle = $true; Seed = $seed; Take = 8 })[0]
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

    It 'is explained: <ErrorId>' -ForEach @(
        @{ Run = { New-BnDataLoader missing.npz }; ErrorId = 'FileNotFound' }
        @{ Run = { New-BnDataLoader (Get-Fixture digits.test.npz) }; ErrorId = 'KeyNeeded' }
        @{ Run = { New-BnDataLoader (Get-Fixture digits.test.npz) -Key none }; ErrorId = 'KeyNotFound' }
        @{ Run = { New-BnDataLoader (Get-Fixture digits.scripted.pt) }; ErrorId = 'ModelAsData' }
        @{ Run = { New-BnDataLoader "$PSScriptRoot/Digits.ps1" }; ErrorId = 'UnknownDataFile' }
        @{ Run = { New-BnDataLoader (Get-Fixture digits.test.npz) -Key images -Std 0 }; ErrorId = 'ZeroDeviation' }
    ) {
        $Run | Should -Throw -ErrorId "$ErrorId,PreciseBn.PowerShell.NewBnDataLoaderCommand"
    }

    It 'completes the arrays of a file' {
        $typed = "New-BnDataLoader '$(Get-Fixture digits.test.npz)' -Key "
        (TabExpansion2 $typed $typed.Length).CompletionMatches.CompletionText | Should -Be 'images', 'labels'
    }
}
