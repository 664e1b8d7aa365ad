BeforeAll {
    Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Force
    $fixtures = "$PSScriptRoot/../fixtures"
    $normalise = @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 }
    $calibration = New-BnDataLoader "$fixtures/digits.calibration.npz" @normalise
    $today = New-BnDataLoader "$fixtures/digits.test.npz" @normalise
}

Describe 'A model in operation' {
    BeforeAll {
        $model = Join-Path $TestDrive 'model.pt'
        $null = Get-BnModule "$fixtures/digits.scripted.pt" | Update-BnStat $calibration -Destination $model
    }

    It 'has the statistics of the data of today' {
        Test-BnStat $model -Data $today | Should -BeTrue
    }

    It 'would not pass with the statistics it was trained with' {
        Test-BnStat "$fixtures/digits.scripted.pt" -Data $today | Should -BeFalse
    }

    It 'says which layers have moved' {
        $verdicts = Test-BnStat "$fixtures/digits.scripted.pt" -Data $today -PassThru
        $verdicts.Where({ -not $_.Passed }).Name | Should -Contain 'stem.bn'
    }

    It 'is watched by the drift monitor' {
        $log = Join-Path $TestDrive 'drift.csv'
        & "$PSScriptRoot/../../module/examples/drift-monitor.ps1" -Model $model -Data "$fixtures/digits.test.npz" -Log $log -Loader $normalise
        $LASTEXITCODE | Should -Be 0
        (Import-Csv $log).Passed | Should -Be (@('True') * 6)
    }
}
