BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'What cmdlets take as models' {
    BeforeEach {
        $model = Copy-Fixture digits.scripted.pt
        $loader = Get-Calibration
        Push-Location $TestDrive
    }

    AfterEach {
        Pop-Location
    }

    It 'is a path or layers for <Cmdlet>: <Models>' -ForEach @(
        foreach ($cmdlet in 'Update-BnStat', 'Measure-BnStat') {
            @{ Cmdlet = $cmdlet; Models = '-Path'; Run = { & $Cmdlet -Path $model -Data $loader -Iterations 2 } }
            @{ Cmdlet = $cmdlet; Models = 'a second position'; Run = { & $Cmdlet $loader $model -Iterations 2 } }
            @{ Cmdlet = $cmdlet; Models = 'wildcards'; Run = { & $Cmdlet $loader digits.script* -Iterations 2 } }
            @{ Cmdlet = $cmdlet; Models = '-LiteralPath'; Run = { & $Cmdlet $loader -LiteralPath $model -Iterations 2 } }
            @{ Cmdlet = $cmdlet; Models = 'a text in the pipeline'; Run = { 'digits.scripted.pt' | & $Cmdlet -Data $loader -Iterations 2 } }
            @{ Cmdlet = $cmdlet; Models = 'a file in the pipeline'; Run = { Get-Item $model | & $Cmdlet $loader -Iterations 2 } }
            @{ Cmdlet = $cmdlet; Models = 'layers in the pipeline'; Run = { Get-BnModule $model | & $Cmdlet $loader -Iterations 2 } }
            @{ Cmdlet = $cmdlet; Models = '-InputObject'; Run = { & $Cmdlet $loader -InputObject (Get-BnModule $model) -Iterations 2 } }
        }
    ) {
        $found = & $Run
        $found.Name | Should -Be (Get-BnModule $model).Name
        $found.Path | Select-Object -Unique | Should -Be $model
    }

    It 'goes on with the next when one cannot be read' {
        $stats = 'missing.pt', $model | Update-BnStat $loader -Iterations 2 -ErrorVariable failures -ErrorAction SilentlyContinue
        $stats | Should -HaveCount 6
        $failures.FullyQualifiedErrorId | Should -Be 'FileNotFound,PreciseBn.PowerShell.UpdateBnStatCommand'
    }

    It 'says so when nothing comes: <Run>' -ForEach @(
        @{ Run = { @() | Update-BnStat $loader } }
        @{ Run = { @() | Update-BnStat } }
        @{ Run = { @() | Measure-BnStat $loader } }
    ) {
        $said = & $Run 3>&1
        $said | Should -HaveCount 1
        "$said" | Should -Match 'came through the pipeline'
    }

    It 'is refused before anything runs: <Run>' -ForEach @(
        @{ Run = { Update-BnStat $model $loader }; ErrorId = 'ModelAsData' }
        @{ Run = { Get-BnModule $model | Update-BnStat }; ErrorId = 'DataNeeded' }
        @{ Run = { 5 | Update-BnStat $loader }; ErrorId = 'NotAModelOrLayer' }
        @{ Run = { & { Get-BnModule $model; Get-BnModule $model | Measure-BnStat $loader -Iterations 2 | Merge-BnStat } | Update-BnStat $loader }; ErrorId = 'NotAModelOrLayer' }
        @{ Run = { Get-Process -Id $PID | Measure-BnStat $loader }; ErrorId = 'NotAModelOrLayer'; Cmdlet = 'Measure' }
    ) {
        $before = (Get-FileHash $model).Hash
        $failures = @(try { & $Run 2>&1 | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] } } catch { $_ })
        $failures.FullyQualifiedErrorId | Select-Object -Unique | Should -Be "$ErrorId,PreciseBn.PowerShell.$($Cmdlet ?? 'Update')BnStatCommand"
        if ($ErrorId -ne 'NotAModelOrLayer') {
            (Get-FileHash $model).Hash | Should -Be $before
        }
    }
}

Describe 'Data that are scaled otherwise than those of the training' {
    BeforeAll {
        $raw = New-BnDataLoader (Get-Fixture digits.calibration.npz) -Key images
    }

    BeforeEach {
        $model = Copy-Fixture digits.scripted.pt
    }

    It 'do not change a model where it is' {
        $before = (Get-FileHash $model).Hash
        Assert-Mistake { Update-BnStat $raw $model } 'DataScaledOtherwise,PreciseBn.PowerShell.UpdateBnStatCommand' 'InvalidData' $model
        Assert-Mistake { Update-BnStat $raw $model -Destination $model -Backup } 'DataScaledOtherwise,PreciseBn.PowerShell.UpdateBnStatCommand' 'InvalidData' $model
        (Get-FileHash $model).Hash | Should -Be $before
        "$model.bak" | Should -Not -Exist
    }

    It 'do not change it by way of shards, jobs and files either' {
        $part = Join-Path $TestDrive 'part.safetensors'
        1..2 | ForEach-Object { Get-BnModule $model | Measure-BnStat $raw -Shard $_/2 } | Merge-BnStat -AsPartial | Export-BnStat $part
        $before = (Get-FileHash $model).Hash
        Assert-Mistake { Merge-BnStat $part | Update-BnStat } 'DataScaledOtherwise,PreciseBn.PowerShell.UpdateBnStatCommand' 'InvalidData' $model
        (Get-FileHash $model).Hash | Should -Be $before
        $copy = Join-Path $TestDrive merged.pt
        Merge-BnStat $part | Update-BnStat -Destination $copy -WarningVariable said -WarningAction SilentlyContinue | Should -HaveCount 6
        "$said" | Should -Match 'scaled differently'
        Merge-BnStat $part | Update-BnStat -Force -WarningAction Ignore | Should -HaveCount 6
        1..2 | ForEach-Object { Get-BnModule $model | Measure-BnStat $raw -Shard $_/2 } | Merge-BnStat | Update-BnStat | Should -HaveCount 6
    }

    It 'change it with -Force, and a copy without, and warn' {
        $copy = Join-Path $TestDrive copy.pt
        foreach ($where in @{ Force = $true }, @{ Destination = $copy; Force = $true }) {
            $stats = Update-BnStat $raw $model -Iterations 2 @where -WarningVariable said -WarningAction SilentlyContinue
            $stats | Should -HaveCount 6
            if ($where.Destination) {
                # What was written before are the statistics of these very data.
                $said | Should -BeNullOrEmpty
            }
            else {
                "$said" | Should -Match 'mean 0\.1\d and the deviation 0\.3.*-Mean and -StandardDeviation'
            }
        }
    }

    It 'are others than those of a new domain, of a new model, and of one that takes them so' {
        $domain = New-BnDataLoader (Get-Fixture digits.calibration.npz) -Key images -Mean 0.3 -StandardDeviation 0.35
        Update-BnStat $domain $model -Iterations 2 | Should -HaveCount 6
        $new = Copy-Fixture reused.scripted.pt
        (Get-BnModule $new).Mean | Select-Object -Unique | Should -Be 0
        $shape = [long[]](8, (Get-BnModule $new)[0].Channels, 4, 4)
        $far = [TorchSharp.torch]::randn($shape) * 50 + 100
        Get-BnModule $new | Update-BnStat $far -AllowReuse -ErrorAction Stop | Should -Not -BeNullOrEmpty
        $null = Update-BnStat $raw $model -Force -Iterations 2 -WarningAction Ignore
        Update-BnStat $raw $model -Iterations 2 | Should -HaveCount 6
    }
}

Describe 'A part of the data' {
    It 'is told of where it is the first of a sequence' {
        $batches = foreach ($number in 1..201) { [TorchSharp.torch]::randn(2, 1, 28, 28) }
        $sequence = [System.Linq.Enumerable]::Skip([object[]] $batches, 0)
        $model = Copy-Fixture digits.scripted.pt
        $null = Get-BnModule $model -Name stem.bn | Measure-BnStat $sequence
        $null = Get-BnModule $model -Name stem.bn | Update-BnStat $sequence -WarningVariable said -WarningAction SilentlyContinue
        "$said" | Should -Match 'The first 200 batches were used'
        $null = Get-BnModule $model -Name stem.bn | Update-BnStat $sequence -Iterations 200 -WarningVariable said -WarningAction SilentlyContinue
        $said | Should -BeNullOrEmpty
    }

    It 'stands for all, as items are shuffled in the same way each time' {
        $model = Copy-Fixture digits.scripted.pt
        $sorted = Get-Calibration @{ Order = 'Shuffled' }
        $again = New-BnDataLoader (Get-Fixture digits.calibration.npz) -Key images -Mean 0.1307 -StandardDeviation 0.3081
        "$sorted" | Should -Be "$again"
        $first, $second = foreach ($loader in $sorted, $again) {
            , (Get-BnModule $model -Name stem.bn | Measure-BnStat $loader -Iterations 2).Mean
        }
        $second | Should -Be $first
    }
}
