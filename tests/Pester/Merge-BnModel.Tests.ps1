BeforeAll {
    . "$PSScriptRoot/Digits.ps1"

    $epochs = Join-Path $TestDrive 'epochs'
    $null = New-Item $epochs -ItemType Directory
    foreach ($epoch in 2, 9, 10) {
        Copy-Item (Get-Fixture "averaging/scripted-2.6.epoch-$epoch.pt") "$epochs/epoch-$epoch.pt"
    }
    $files = 2, 9, 10 | ForEach-Object { (Get-Item "$epochs/epoch-$_.pt").FullName }

    # A new path for what is written.
    function New-Path {
        Join-Path $TestDrive "$([guid]::NewGuid()).pt"
    }

    # What averages of these files have in common is told by one hash.
    function Get-AverageHash {
        param([hashtable] $Option)
        $path = New-Path
        $null = Merge-BnModel @Option -Destination $path -WarningAction SilentlyContinue
        (Get-FileHash $path).Hash
    }
}

Describe 'Merge-BnModel' {
    It 'returns the layers of the average, with statistics of the last file that are marked, and warns of them' {
        $path = New-Path
        $layer = Merge-BnModel "$epochs/epoch-*.pt" -Destination $path -WarningVariable warnings -WarningAction SilentlyContinue
        $layer | Should -HaveCount 1
        $layer | Should -BeOfType PreciseBn.BnModule
        $layer.Path | Should -Be $path
        $layer.IsStale | Should -BeTrue
        $layer.Mean | Should -Be (Get-BnModule $files[2]).Mean
        $warnings | Should -HaveCount 1
        "$warnings" | Should -BeLike "*1 BatchNorm layers of '$path' are those of '$($files[2])'*Update-BnStat*"
    }

    It 'takes wildcards in the order of numbers, and lists and the pipeline as they are' {
        $expected = Get-AverageHash @{ Path = $files; Decay = 0.5 }
        Get-AverageHash @{ Path = "$epochs/epoch-*.pt"; Decay = 0.5 } | Should -Be $expected
        Get-AverageHash @{ LiteralPath = $files; Decay = 0.5 } | Should -Be $expected
        Get-AverageHash @{ Path = $files[0, 2, 1]; Decay = 0.5 } | Should -Not -Be $expected
        foreach ($items in @(, $files), @(, (Get-Item $files)), @(, "$epochs/epoch-*.pt")) {
            $path = New-Path
            $null = $items[0] | Merge-BnModel -Destination $path -Decay 0.5 -WarningAction SilentlyContinue
            (Get-FileHash $path).Hash | Should -Be $expected
        }
        $path = New-Path
        $null = Get-Item $files | Merge-BnModel -Destination $path -WarningAction SilentlyContinue
        (Get-FileHash $path).Hash | Should -Be (Get-AverageHash @{ Path = $files })
    }

    It 'takes paths with brackets as they are' {
        $odd = 1..2 | ForEach-Object { Join-Path $TestDrive "odd[$_].pt" }
        0..1 | ForEach-Object { [System.IO.File]::Copy($files[$_], $odd[$_]) }
        Get-AverageHash @{ LiteralPath = $odd } | Should -Be (Get-AverageHash @{ Path = $files[0, 1] })
        Get-AverageHash @{ LP = $odd } | Should -Be (Get-AverageHash @{ Path = $files[0, 1] })
    }

    It 'warns where Get-ChildItem has put 10 before 2' {
        $null = Get-ChildItem $epochs | Merge-BnModel -Destination (New-Path) -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings[0] | Should -BeLike "*order of letters, so that '$($files[1])' is the last*"
        $null = Get-Item $files | Merge-BnModel -Destination (New-Path) -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -HaveCount 1
    }

    It 'lets files count for what -Weight says' {
        Get-AverageHash @{ Path = $files; Weight = 2, 2, 2 } | Should -Be (Get-AverageHash @{ Path = $files })
        Get-AverageHash @{ Path = $files; Weight = 0.5, 0, 0.5 } | Should -Be (Get-AverageHash @{ Path = $files[0, 2] })
        Get-AverageHash @{ Path = $files; Weight = 1, 2, 5 } | Should -Not -Be (Get-AverageHash @{ Path = $files })
    }

    It 'tells with -Verbose which files count for what, and where the result is' {
        $path = New-Path
        $lines = Get-VerboseLine { Merge-BnModel $files -Destination $path -Weight 1, 2, 5 -Verbose -WarningAction SilentlyContinue }
        $lines | Should -Contain "2. '$($files[1])' counts for 0.25."
        $lines | Should -Contain "3. '$($files[2])' counts for 0.625."
        $lines | Should -Contain "13 tensors were averaged into '$path'; all else is as in '$($files[2])'."
    }

    It 'goes on to new statistics in one pipeline, without a warning' {
        $path = New-Path
        $batches = 1..3 | ForEach-Object { [TorchSharp.torch]::randn(8, 2, 6, 6) }
        $stat = Merge-BnModel $files -Destination $path -WarningVariable warnings | Update-BnStat -Data $batches
        $warnings | Should -BeNullOrEmpty
        $stat.Path | Should -Be $path
        [float[]] $stat.Mean | Should -Be ([float[]] (Get-BnModule $path).Mean)
        $stat.PreviousMean | Should -Be (Get-BnModule $files[2]).Mean
        (Get-BnModule $path).IsStale | Should -BeFalse
    }

    It 'keeps the mark when layers are sent' {
        $layer = Merge-BnModel $files -Destination (New-Path) -WarningAction SilentlyContinue
        $sent = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($layer, 1))
        $sent.IsStale | Should -BeTrue
        $sent | Update-BnStat -Data ([TorchSharp.torch]::randn(8, 2, 6, 6)) -WhatIf
    }

    It 'averages checkpoints, and names what else differs in them' {
        $path = Join-Path $TestDrive 'average.pth'
        $layer = Merge-BnModel (Get-Fixture 'averaging/checkpoint-2.6.epoch-*.pth') -Destination $path -WarningVariable warnings -WarningAction SilentlyContinue
        $layer.Name | Should -Be 'model.bn'
        $warnings[0] | Should -BeLike '*in no state_dict: best.'
    }

    It 'writes nothing with -WhatIf, nor over a file without -Force' {
        $path = New-Path
        Merge-BnModel $files -Destination $path -WhatIf | Should -BeNullOrEmpty
        $path | Should -Not -Exist
        'mine' | Set-Content $path
        { Merge-BnModel $files -Destination $path } | Should -Throw -ErrorId 'DestinationExists,PreciseBn.PowerShell.MergeBnModelCommand'
        Get-Content $path | Should -Be 'mine'
        Merge-BnModel $files -Destination $path -Force -Backup -WarningAction SilentlyContinue | Should -HaveCount 1
        Get-Content "$path.bak" | Should -Be 'mine'
    }

    It 'shows its progress, and ends it' {
        $progress = [System.Collections.Generic.List[object]]::new()
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddCommand('Import-Module').AddArgument((Resolve-Path "$PSScriptRoot/../../PreciseBn.psd1").ProviderPath).AddStatement()
            $null = $shell.AddCommand('Merge-BnModel').AddParameter('Path', $files).AddParameter('Destination', (New-Path))
            $null = $shell.Invoke()
            $progress = $shell.Streams.Progress.Where({ $_.Activity -eq 'Averaging weights' })
            $progress[0].CurrentOperation | Should -Be $files[0]
            $progress[-1].RecordType | Should -Be 'Completed'
        }
        finally {
            $shell.Dispose()
        }
    }

    It 'does nothing where nothing came through the pipeline, with a warning' {
        $path = New-Path
        @() | Merge-BnModel -Destination $path -WarningVariable warnings -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        "$warnings" | Should -BeLike "*'$path' was not written*"
    }

    It 'takes -Weight or -Decay, not both' {
        { Merge-BnModel $files -Destination (New-Path) -Weight 1, 2, 3 -Decay 0.9 } | Should -Throw -ErrorId 'AmbiguousParameterSet,PreciseBn.PowerShell.MergeBnModelCommand'
    }

    It 'says what is wrong: <Command>' -ForEach @(
        @{ Command = { Merge-BnModel $nothing -Destination $path }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = { $nothing } }
        @{ Command = { Merge-BnModel $files[0] -Destination $path }; ErrorId = 'NothingToAverage'; Category = 'InvalidArgument'; Target = { $files[0] } }
        @{ Command = { Merge-BnModel $files[0, 0] -Destination $path }; ErrorId = 'FileTwice'; Category = 'InvalidArgument'; Target = { $files[0] } }
        @{ Command = { Merge-BnModel $files -Destination $path -Weight 1, 2 }; ErrorId = 'WrongWeightCount'; Category = 'InvalidArgument'; Target = 2 }
        @{ Command = { Merge-BnModel $files -Destination $path -Weight 1, -2, 3 }; ErrorId = 'InvalidOption'; Category = 'InvalidArgument'; Target = 'Weights' }
        @{ Command = { Merge-BnModel $files -Destination $path -Decay 1 }; ErrorId = 'InvalidOption'; Category = 'InvalidArgument'; Target = 'Decay' }
        @{ Command = { Merge-BnModel $files -Destination $files[1] -Force }; ErrorId = 'DestinationIsSource'; Category = 'InvalidArgument'; Target = { $files[1] } }
        @{ Command = { Merge-BnModel $files[0], $stranger -Destination $path }; ErrorId = 'FilesDiffer'; Category = 'InvalidData'; Target = { $files[0] } }
        @{ Command = { Merge-BnModel $files -Destination $lost }; ErrorId = 'FolderNotFound'; Category = 'ObjectNotFound'; Target = { $lost } }
    ) {
        $path = New-Path
        $nothing = Join-Path $TestDrive 'nothing-*.pt'
        $lost = Join-Path $TestDrive 'lost/average.pt'
        $stranger = Copy-Fixture digits.scripted.pt
        Assert-Mistake $Command "$ErrorId,PreciseBn.PowerShell.MergeBnModelCommand" $Category $Target
        $path | Should -Not -Exist
        (Get-ChildItem $TestDrive -Force).Where({ $_.Name[0] -eq '.' }) | Should -BeNullOrEmpty
    }
}
