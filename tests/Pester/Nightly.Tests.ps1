BeforeAll {
    . "$PSScriptRoot/Digits.ps1"

    function Invoke-Night {
        param([string] $Model, [string] $Data, [string] $Holdout = (Get-Fixture digits.test.npz))
        & "$PSScriptRoot/../../module/examples/nightly.ps1" -Model $Model -Data $Data -Holdout $Holdout -LabelKey labels -Loader (Get-DigitsOption) -WarningAction SilentlyContinue
    }

    # 64 images that are nothing like digits: numpy's format, version 1.0.
    function Get-Noise {
        $header = [System.Text.Encoding]::ASCII.GetBytes("{'descr': '|u1', 'fortran_order': False, 'shape': (64, 28, 28), }".PadRight(117) + "`n")
        $pixels = [byte[]]::new(64 * 28 * 28)
        [random]::new(0).NextBytes($pixels)
        $file = Join-Path $TestDrive 'images.npy'
        [System.IO.File]::WriteAllBytes($file, [byte[]](@(0x93) + [byte[]][char[]]'NUMPY' + @(1, 0, $header.Length, 0) + $header + $pixels))
        $file
    }
}

Describe 'A nightly recalibration' {
    It 'keeps statistics that pass, and the old file' {
        $model = Copy-Fixture digits.scripted.pt
        $night = Invoke-Night $model (Get-Fixture digits.calibration.npz)
        $LASTEXITCODE | Should -Be 0
        $night.Passed, $night.AccuracyBefore, $night.AccuracyAfter | Should -Be $true, 0.921, 0.971
        (Get-FileHash "$model.bak").Hash | Should -Be (Get-FileHash (Get-Fixture digits.scripted.pt)).Hash
        Test-BnStat $model -Data (Get-Calibration) | Should -BeTrue
    }

    It 'rolls back what does not pass' {
        $model = Copy-Fixture digits.scripted.pt
        $night = Invoke-Night $model (Get-Noise)
        $LASTEXITCODE | Should -Be 1
        $night.Passed | Should -BeFalse
        $night.Reasons | Should -Contain ($night.Reasons -match '^The accuracy fell')[0]
        (Get-FileHash $model).Hash | Should -Be (Get-FileHash (Get-Fixture digits.scripted.pt)).Hash
        "$model.bak" | Should -Not -Exist
    }

    It 'rolls back to the night before, and leaves the backups of other nights' {
        $model = Copy-Fixture digits.scripted.pt
        $null = Invoke-Night $model (Get-Fixture digits.calibration.npz)
        $before = (Get-FileHash $model).Hash
        $null = Invoke-Night $model (Get-Noise)
        $LASTEXITCODE | Should -Be 1
        (Get-FileHash $model).Hash | Should -Be $before
        (Get-FileHash "$model.bak").Hash | Should -Be (Get-FileHash (Get-Fixture digits.scripted.pt)).Hash
        "$model.bak.1" | Should -Not -Exist
    }

    It 'leaves the model alone when something fails' {
        $model = Copy-Fixture digits.scripted.pt
        Invoke-Night $model (Get-Fixture digits.calibration.npz) -Holdout (Join-Path $TestDrive 'missing.npz') | Should -BeNullOrEmpty
        $LASTEXITCODE | Should -Be 2
        (Get-FileHash $model).Hash | Should -Be (Get-FileHash (Get-Fixture digits.scripted.pt)).Hash
    }
}
