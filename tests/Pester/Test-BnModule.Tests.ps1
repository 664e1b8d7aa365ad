BeforeAll {
    Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Force
    $fixtures = "$PSScriptRoot/../fixtures"
    $loader = New-BnDataLoader "$fixtures/digits.calibration.npz" -Key images -Take 512 -BatchSize 32 -Mean 0.1307 -StandardDeviation 0.3081
}

Describe 'Test-BnModule' {
    BeforeEach {
        $model = Join-Path $TestDrive 'model.pt'
        Copy-Item "$fixtures/digits.scripted.pt" $model -Force
    }

    It 'finds nothing in a model whose statistics look right' {
        Test-BnModule $model | Should -BeNullOrEmpty
        Test-BnModule $model -Quiet | Should -BeTrue
    }

    It 'finds with data that they are stale, and no longer when they have been recomputed' {
        $findings = Test-BnModule $model -Data $loader
        $findings.Finding | Should -Be (@('Stale') * 6)
        $findings.Severity | Should -Contain 'Error'
        $findings.Advice | Should -Match 'Update-BnStat'
        Test-BnModule $model -Data $loader -Quiet | Should -BeFalse

        $null = Get-BnModule $model | Update-BnStat $loader
        Test-BnModule $model -Data $loader -Quiet | Should -BeTrue
    }

    It 'finds layers that never were trained, without data' {
        $findings = Get-BnModule "$fixtures/reused.scripted.pt" | Test-BnModule
        $findings.Finding | Should -Be 'NeverTrained', 'NeverTrained'
        $findings.Name | Should -Be 'bn', 'other'
    }

    It 'takes files from Get-ChildItem and names them' {
        (Get-ChildItem "$fixtures/kinds.scripted.pt" | Test-BnModule).Path | Should -BeLike '*kinds.scripted.pt'
    }

    It 'is not content with a file that it cannot read' {
        Test-BnModule (Join-Path $TestDrive 'missing.pt') -Quiet -ErrorAction SilentlyContinue | Should -BeFalse
    }

    It 'changes no file' {
        $before = (Get-FileHash $model).Hash
        $null = Test-BnModule $model -Data $loader -Iterations 2
        (Get-FileHash $model).Hash | Should -Be $before
    }
}
