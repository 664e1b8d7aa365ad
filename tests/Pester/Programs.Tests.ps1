BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    $samples = New-BnDataLoader (Get-Fixture programs/samples.npz) -Key x -BatchSize 8 -Order Sequential
    $labelled = New-BnDataLoader (Get-Fixture programs/samples.npz) -Key x -LabelKey labels -BatchSize 8 -Order Sequential
    $expected = Get-Content (Get-Fixture programs/expected.json) | ConvertFrom-Json
    $shared = Copy-Fixture programs/shared-2.14.pt2 shared.pt2
    $parameters = 'Get-BnModule', 'Update-BnStat', 'Measure-BnStat', 'Measure-BnAccuracy', 'Test-BnModule', 'Test-BnStat', 'Compare-BnStat', 'Set-BnStat', 'Export-BnReport'

    # Whether a mean is that of PyTorch.
    function Test-Mean {
        param([string] $Program, [string] $Layer, [double[]] $Mean)
        $truth = $expected.$Program.exact_float64.$Layer.mean
        $Mean.Count -eq $truth.Count -and -not (0..($truth.Count - 1) | Where-Object { [math]::Abs($truth[$_] - $Mean[$_]) -gt 1e-5 })
    }
}

Describe 'A package of several programs' {
    BeforeEach {
        $package = Copy-Fixture programs/several-2.14.pt2 several.pt2
    }

    It 'is listed, updated and compared one program at a time' {
        $before = Get-BnModule $package -Program decoder
        Update-BnStat $samples $package -Program encoder | ForEach-Object Program | Should -Be encoder, encoder

        $layers = Get-BnModule $package -Program encoder
        $layers.Name | Should -Be bn1, bn2
        $layers | ForEach-Object { Test-Mean encoder $_.Name $_.Mean | Should -BeTrue }
        (Compare-BnStat $before $package -Program decoder).Divergence | Should -Be 0, 0
        (Compare-BnStat (Get-Fixture programs/several-2.14.pt2) $package -Program encoder).Divergence[0] | Should -BeGreaterThan 0
        Test-BnStat (Get-Fixture programs/several-2.14.pt2) $package -Program decoder | Should -BeTrue
        Test-BnStat $package -Data $samples -Program encoder -WarningAction Ignore | Should -BeTrue
        Test-BnStat $package -Data $samples -Program decoder -WarningAction Ignore | Should -BeFalse
    }

    It 'is updated program by program where it is, but not into one copy' {
        $layers = 'encoder', 'decoder' | ForEach-Object { Get-BnModule $package -Program $_ }
        $layers | Update-BnStat $samples -WarningAction Ignore | Should -HaveCount 4
        foreach ($program in 'encoder', 'decoder') {
            Test-Mean $program bn1 (Get-BnModule $package -Program $program)[0].Mean | Should -BeTrue
        }
        $folder = (New-Item (Join-Path $TestDrive copies) -ItemType Directory -Force).FullName
        { $layers | Update-BnStat $samples -Destination $folder -ErrorAction Stop } | Should -Throw -ErrorId 'DestinationTwice,*'
        Get-ChildItem $folder | Should -BeNullOrEmpty
    }

    It 'is measured in shards, which know their program' {
        $merged = Measure-BnStat $samples $package -Program decoder -Shard 1..2/2 | Merge-BnStat
        $merged.Program | Should -Be decoder, decoder
        $merged | Update-BnStat -WarningAction Ignore | Should -HaveCount 2
        Test-Mean decoder bn1 (Get-BnModule $package -Program decoder)[0].Mean | Should -BeTrue
    }

    It 'gets statistics set, looked at, evaluated and reported' {
        $stats = Update-BnStat $samples $package -Program encoder -Destination (Join-Path $TestDrive new.pt2) -Force
        $set = $stats | Set-BnStat $package -Program encoder -PassThru
        $set.Program | Should -Be encoder, encoder
        Test-Mean encoder bn2 $set[1].Mean | Should -BeTrue
        Test-BnModule $package -Program encoder -Data $samples | Should -BeTrue
        Test-BnModule $package -Program decoder -Data $samples | Should -BeFalse
        $accuracy = $stats, (Get-BnModule $package -Program decoder) | ForEach-Object { $_ } | Measure-BnAccuracy -Data $labelled
        $accuracy.Program | Should -Be encoder, decoder
        $accuracy[1].Top1 | Should -Be ($expected.decoder.right / 40)
        $page = Export-BnReport (Join-Path $TestDrive page.html) -Reference (Get-Fixture programs/several-2.14.pt2) -Difference $package -Program encoder -Force -PassThru
        Get-Content $page -Raw | Should -BeLike '*several.pt2 (encoder)*'
    }

    It 'is shown with the program' {
        Get-BnModule $package -Program decoder | Out-String | Should -BeLike '*Path: *several.pt2 (decoder)*'
    }

    It 'has findings that are shown with the program' {
        $findings = Test-BnModule $package -Program decoder -Data $samples -PassThru
        $findings.Program | Select-Object -Unique | Should -Be decoder
        $findings | Out-String | Should -BeLike '*Path: *several.pt2 (decoder)*'
        $page = Compare-BnStat $package $package -Program decoder | Export-BnReport (Join-Path $TestDrive findings.html) -Finding $findings -Force -PassThru
        Get-Content $page -Raw | Should -BeLike "*$($findings[0].Name)*"
    }

    It 'says which other program shares statistics that are written, before it asks' {
        $null = Update-BnStat $samples $shared -Program encoder -WhatIf -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -BeLike "*shared.pt2': the layer 'bn1' shares its statistics with the program 'decoder'*"
        $null = Get-BnModule $shared -Program encoder -Name bn2 | Update-BnStat $samples -WhatIf -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -BeNullOrEmpty
        Get-BnModule $shared -Program decoder | Set-BnStat $shared -Program decoder -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -BeLike "*the program 'encoder'*"
    }

    It 'is refused: <Command>' -ForEach @(
        @{ Command = { Get-BnModule $package }; ErrorId = 'SeveralPrograms'; Advice = '*encoder, decoder. Choose one of them with -Program*' }
        @{ Command = { Update-BnStat $samples $package }; ErrorId = 'SeveralPrograms'; Advice = '*' }
        @{ Command = { Get-BnModule $package -Program coder }; ErrorId = 'ProgramNotFound'; Advice = '*it has encoder, decoder*' }
        @{ Command = { Set-BnStat (Get-Fixture digits.safetensors) -From $package -Program encoder }; ErrorId = 'SeveralPrograms'; Advice = '*' }
        @{ Command = { Compare-BnStat (Get-Fixture digits.scripted.pt) $package -Program encoder }; ErrorId = 'ProgramNotFound'; Advice = '*layers from Get-BnModule*' }
        @{ Command = { Get-BnModule $package -Program encoder | Update-BnStat $samples -Program encoder }; ErrorId = 'OptionWithoutEffect'; Advice = '*' }
        @{ Command = { Get-BnModule $package -Program encoder | Compare-BnStat (Get-BnModule $package -Program encoder) -Program encoder }; ErrorId = 'OptionWithoutEffect'; Advice = '*' }
        @{ Command = { Test-BnModule -InputObject (Get-BnModule $package -Program encoder) -Program encoder }; ErrorId = 'OptionWithoutEffect'; Advice = '*' }
        @{ Command = { Merge-BnModel $package, (Get-Fixture programs/shared-2.14.pt2) -Destination (Join-Path $TestDrive average.pt2) }; ErrorId = 'ProgramsNotAveraged'; Advice = '*' }
    ) {
        $failure = try { $ErrorActionPreference = 'Stop'; $null = & $Command } catch { $_ }
        $failure.FullyQualifiedErrorId | Should -BeLike "$ErrorId,*"
        "$failure" | Should -BeLike $Advice
    }

    It 'completes the names of programs: <_>' -ForEach 'Get-BnModule {0} -Program ', 'Update-BnStat $samples {0} -Program ', 'Compare-BnStat {0} {0} -Program ', 'Set-BnStat {0} -Program ' {
        $line = $_ -f $package
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be encoder, decoder
    }

    It 'has -Program wherever a file of models is given' {
        $parameters | ForEach-Object { (Get-Command $_).Parameters.ContainsKey('Program') | Should -BeTrue -Because $_ }
    }
}
