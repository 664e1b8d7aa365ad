BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Test-BnModule' {
    It 'finds nothing in a model whose statistics look right' {
        $model = Get-Fixture digits.scripted.pt
        Test-BnModule $model -PassThru | Should -BeNullOrEmpty
        Test-BnModule $model | Should -BeTrue
        $model | Test-BnModule | Should -BeTrue
    }

    It 'finds with data that they are stale, and no longer when they have been recomputed' {
        $model = Copy-Fixture digits.scripted.pt
        $loader = Get-Calibration @{ Take = 512 }
        $findings = Test-BnModule $model -Data $loader -PassThru
        $findings.Finding | Should -Be (@('Stale') * 6)
        $findings | ForEach-Object { $_.pstypenames[0] | Should -Be 'PreciseBn.BnFinding' }
        $findings.Severity | Should -Contain 'Error'
        $findings.Advice | Should -Match 'Update-BnStat'
        Test-BnModule $model -Data $loader | Should -BeFalse

        $null = Get-BnModule $model | Update-BnStat $loader
        Test-BnModule $model -Data $loader | Should -BeTrue
        Get-BnModule $model | Test-BnModule | Should -BeTrue
    }

    It 'finds layers that never were trained, without data' {
        $findings = Get-BnModule (Get-Fixture reused.scripted.pt) | Test-BnModule -PassThru
        $findings.Finding | Should -Be 'NeverTrained', 'NeverTrained'
        $findings.Name | Should -Be 'bn', 'other'
    }

    It 'takes files from Get-ChildItem and names them' {
        (Get-ChildItem (Get-Fixture kinds.scripted.pt) | Test-BnModule -PassThru).Path | Should -BeLike '*kinds.scripted.pt'
    }

    It 'is not content with a file that it cannot read' {
        Test-BnModule missing.pt -ErrorAction SilentlyContinue | Should -BeFalse
        { Test-BnModule missing.pt -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,PreciseBn.PowerShell.TestBnModuleCommand'
    }

    It 'says of nothing that it is good' {
        Get-BnModule (Get-Fixture digits.scripted.pt) -Name 'nothing*' -WarningAction Ignore | Test-BnModule | Should -BeFalse
    }

    It 'finds data that are scaled otherwise than those of the training' {
        $model = Get-Fixture digits.scripted.pt
        $raw = New-BnDataLoader (Get-Fixture digits.calibration.npz) -Key images
        (Test-BnModule $model -Data $raw -Iterations 2 -PassThru).Finding | Should -Contain 'ScaledOtherwise'
        (Test-BnModule $model -Data (Get-Calibration) -Iterations 2 -PassThru).Finding | Should -Not -Contain 'ScaledOtherwise'
    }

    It 'tells with -Verbose what was found' {
        (Get-VerboseLine { Test-BnModule (Get-Fixture reused.scripted.pt) -Verbose }) -join "`n" | Should -Match 'Error: bn: The statistics are those of a new layer'
    }

    It 'tells with -Verbose what was measured on which data' {
        $model = Copy-Fixture digits.scripted.pt
        Get-VerboseLine { Test-BnModule $model -Data (Get-Calibration @{ Take = 64 }) -Verbose } |
            Should -Contain "Measured 6 layers of '$model' on 2 batches (1600 items in batches of 32, 64 at most), stopped by DataEnd."
    }

    It 'changes no file' {
        $model = Copy-Fixture digits.scripted.pt
        $before = (Get-FileHash $model).Hash
        $null = Test-BnModule $model -Data (Get-Calibration) -Iterations 2
        (Get-FileHash $model).Hash | Should -Be $before
    }

    It 'shows a table' {
        Test-BnModule (Get-Fixture reused.scripted.pt) -PassThru | Out-String -Width 120 | Should -Match 'NeverTrained'
    }
}
