BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    . "$PSScriptRoot/Sessions.ps1"

    function Get-Night {
        @{ Model = $model; Data = Get-Fixture digits.calibration.npz; Holdout = Get-Fixture digits.test.npz; Loader = Get-DigitsOption }
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
    BeforeAll {
        $original = (Get-FileHash (Get-Fixture digits.scripted.pt)).Hash
    }

    BeforeEach {
        Get-ChildItem $TestDrive | Remove-Item
        $model = Copy-Fixture digits.scripted.pt
    }

    It 'keeps statistics that pass, and the old file' {
        $night = Invoke-Example nightly.ps1 ((Get-Night) + @{ LabelKey = 'labels' })
        $night.ExitCode | Should -Be 0 -Because "it said '$($night.Warnings)'"
        $night.Warnings + $night.Errors | Should -BeNullOrEmpty
        $night.Output | Should -HaveCount 1
        $night.Output[0].Passed, $night.Output[0].AccuracyBefore, $night.Output[0].AccuracyAfter | Should -Be $true, 0.921, 0.971
        $night.Output[0].Layers, $night.Output[0].Batches, $night.Output[0].Reasons.Count | Should -Be 6, 50, 0
        (Get-FileHash "$model.bak").Hash | Should -Be $original
        (Get-FileHash $model).Hash | Should -Not -Be $original
        Test-BnStat $model -Data (Get-Calibration) | Should -BeTrue
    }

    It 'takes back what does not pass: <Reason>' -ForEach @(
        @{ Gates = @{ LabelKey = 'labels'; Threshold = @{ MeanShift = 100; VarianceRatio = 1e6; Divergence = 100 } }; Reason = 'The accuracy fell from 92[.,]1' }
        @{ Gates = @{}; Reason = 'stem\.bn: ' }
    ) {
        $night = (Get-Night) + $Gates
        $night.Data = Get-Noise
        $done = Invoke-Example nightly.ps1 $night
        $done.ExitCode | Should -Be 1 -Because "it said '$($done.Warnings)'"
        $done.Output[0].Passed | Should -BeFalse
        @($done.Output[0].Reasons -match "^$Reason") | Should -HaveCount 1
        $done.Warnings[-1] | Should -Match 'is what it was before\.$'
        (Get-FileHash $model).Hash | Should -Be $original
        "$model.bak" | Should -Not -Exist
    }

    It 'rolls back to the night before, and leaves the backups of other nights' {
        $null = Invoke-Example nightly.ps1 (Get-Night)
        $before = (Get-FileHash $model).Hash
        $night = Get-Night
        $night.Data = Get-Noise
        $done = Invoke-Example nightly.ps1 $night
        $done.ExitCode | Should -Be 1 -Because "it said '$($done.Warnings)'"
        (Get-FileHash $model).Hash | Should -Be $before
        (Get-FileHash "$model.bak").Hash | Should -Be $original
        "$model.bak.1" | Should -Not -Exist
    }

    It 'leaves the model alone if there is no file for -<Parameter>' -ForEach @(
        @{ Parameter = 'Model' }
        @{ Parameter = 'Data' }
        @{ Parameter = 'Holdout' }
    ) {
        $night = Get-Night
        $night[$Parameter] = Join-Path $TestDrive missing.npz
        $done = Invoke-Example nightly.ps1 $night
        $done.ExitCode | Should -Be 2 -Because "it said '$($done.Warnings)'"
        $done.Output | Should -BeNullOrEmpty
        $done.Warnings[0] | Should -Match 'missing\.npz'
        (Get-FileHash $model).Hash | Should -Be $original
        "$model.bak" | Should -Not -Exist
    }

    It 'takes back what was not yet tested at Ctrl+C' {
        $night = Get-Night
        $session = New-Session
        $null = $session.AddScript({
            param($example, $night, $session)
            $night.Loader.Transform = {
                # There is a backup: what is read are the data to test on.
                if (Test-Path "$($night.Model).bak") {
                    $null = $session.BeginStop($null, $null)
                    while ($true) { }
                }
                $_
            }
            & $example @night
        }).AddArgument("$PSScriptRoot/../../module/examples/nightly.ps1").AddArgument($night).AddArgument($session)
        $running = $session.BeginInvoke()
        { $session.EndInvoke($running) } | Should -Throw
        $session.InvocationStateInfo.State | Should -Be 'Stopped'
        $session.Dispose()
        (Get-FileHash $model).Hash | Should -Be $original
        "$model.bak" | Should -Not -Exist
    }

    It 'goes to the file behind a link' {
        $link = Join-Path $TestDrive 'link.pt'
        $null = New-Item $link -ItemType SymbolicLink -Target $model -ErrorAction Ignore
        if (-not [System.IO.File]::Exists($link)) {
            Set-ItResult -Skipped -Because 'symbolic links cannot be made here: Windows asks for rights or its developer mode, and Wine has none'
            return
        }
        $night = Get-Night
        $night.Model = $link
        (Invoke-Example nightly.ps1 $night).Output[0].Model | Should -Be $model
        (Get-Item $link).LinkType | Should -Be 'SymbolicLink'
        (Get-FileHash "$model.bak").Hash | Should -Be $original
    }
}
