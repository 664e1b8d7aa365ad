BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Get-BnModule' {
    BeforeAll {
        Push-Location $TestDrive
        $null = Copy-Fixture digits.scripted.pt -As 'small model.pt'
        $null = Copy-Fixture digits.scripted.pt -As 'model [2].pt'
        Set-Content text.pt 'not a model'
    }

    AfterAll {
        Pop-Location
    }

    It 'lists the layers with their statistics' {
        $layers = Get-BnModule (Get-Fixture digits.scripted.pt)
        $layers.Name | Should -Be 'stem.bn', 'body.0.bn', 'body.1.bn', 'body.2.bn', 'body.3.bn', 'bn'
        $layers.Channels | Should -Be 16, 32, 32, 64, 64, 64
        $layers[0].Mean | Should -HaveCount 16
        $layers[-1].Type | Should -Be 'BatchNorm1d'
    }

    It 'takes paths by value, from objects with a path, and wildcards' {
        $model = Copy-Fixture digits.scripted.pt -As 'Prüfung 1.pt'
        ($model | Get-BnModule).Count | Should -Be 6
        (Get-ChildItem $model | Get-BnModule).Count | Should -Be 6
        ([pscustomobject]@{ PSPath = $model } | Get-BnModule).Count | Should -Be 6
        (Get-BnModule (Join-Path $TestDrive 'Prüf*.pt')).Count | Should -Be 6
    }

    It 'takes literal paths as they are' {
        $model = Copy-Fixture digits.scripted.pt -As 'plain.pt'
        $odd = Join-Path $TestDrive 'model[1].pt'
        Move-Item -LiteralPath $model $odd
        (Get-BnModule -LP $odd).Count | Should -Be 6
        (Get-Item -LiteralPath $odd | Get-BnModule -Name bn).Path | Should -Be $odd
    }

    It 'chooses by name and mode' {
        $model = Get-Fixture digits.scripted.pt
        (Get-BnModule $model BODY.*).Count | Should -Be 4
        (Get-BnModule $model -Name stem.bn, bn).Name | Should -Be 'stem.bn', 'bn'
        Get-BnModule $model -Mode Training | Should -BeNullOrEmpty
        (Get-BnModule $model -Mode Evaluation).Count | Should -Be 6
        (Get-BnModule (Get-Fixture digits.scripted-training.pt) -Mode Training).Count | Should -Be 6
    }

    It 'warns where wildcards match no layer' {
        Get-BnModule (Get-Fixture digits.scripted.pt) -Name 'no*', 'what?' -WarningVariable warnings -WarningAction Ignore | Should -BeNullOrEmpty
        $warnings | Should -BeLike "None of the 6 BatchNorm layers of '*digits.scripted.pt' matches -Name no``*, what``?."
    }

    It 'lists those found beside an error for a name that no layer has' {
        $layers = Get-BnModule (Get-Fixture digits.scripted.pt) -Name stem.bn, nowhere -ErrorVariable failures -ErrorAction SilentlyContinue
        $layers.Name | Should -Be 'stem.bn'
        $failures.FullyQualifiedErrorId | Should -Be 'LayerNotFound,PreciseBn.PowerShell.GetBnModuleCommand'
    }

    It 'lists <_>' -ForEach 'digits.exported-2.14.pt2', 'digits.checkpoint.pth', 'digits.safetensors', 'digits.traced.pt' {
        Get-BnModule (Get-Fixture $_) | Should -HaveCount 6
    }

    It 'lists a model in memory' {
        (Get-BnModule -Model ([TorchSharp.torch+nn]::BatchNorm2d(7))).Channels | Should -Be 7
    }

    It 'says what is wrong: <Command>' -ForEach @(
        @{ Command = { Get-BnModule missing.pt }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = 'missing.pt' }
        @{ Command = { Get-BnModule *.nothing }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = '*.nothing' }
        @{ Command = { Get-BnModule -LiteralPath missing.pt }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = { Join-Path $TestDrive missing.pt } }
        @{ Command = { Get-BnModule nodrive:/model.pt }; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = 'nodrive:/model.pt' }
        @{ Command = { Get-BnModule Variable:/PWD }; ErrorId = 'NotAFilePath'; Category = 'InvalidArgument'; Target = 'Variable:/PWD' }
        @{ Command = { Get-BnModule . }; ErrorId = 'PathIsDirectory'; Category = 'InvalidArgument'; Target = { $PWD.ProviderPath } }
        @{ Command = { Get-BnModule text.pt }; ErrorId = 'NotAModel'; Category = 'InvalidData'; Target = { Join-Path $TestDrive text.pt } }
        @{ Command = { Get-BnModule 'small model.pt' -Name nowhere }; ErrorId = 'LayerNotFound'; Category = 'ObjectNotFound'; Target = 'nowhere' }
    ) {
        Assert-Mistake $Command "$ErrorId,PreciseBn.PowerShell.GetBnModuleCommand" $Category $Target
    }

    It 'lists the others where one model is bad' {
        Get-BnModule text.pt, 'small model.pt' -ErrorVariable failures -ErrorAction SilentlyContinue | Should -HaveCount 6
        $failures | Should -HaveCount 1
    }

    It 'warns of a model without BatchNorm, and says what it is' {
        $other = Copy-ChangedModel dict-out.scripted.pt 'other.pt' 'torch.batch_norm(' 'torch.other('
        Get-BnModule $other -WarningVariable warnings -WarningAction SilentlyContinue -ErrorVariable failures | Should -BeNullOrEmpty
        $warnings | Should -HaveCount 1
        $warnings[0].Message | Should -Match 'Conv2d'
        $failures | Should -BeNullOrEmpty
    }

    It 'tells with -Verbose how many layers a file has' {
        Get-VerboseLine { Get-BnModule 'small model.pt' -Verbose } |
            Should -Contain "'$(Join-Path $TestDrive 'small model.pt')' has 6 BatchNorm layers with tracked statistics."
    }

    It 'completes names of layers: <Typed>' -ForEach @(
        @{ Typed = "Get-BnModule 'small model.pt' -Name "; Names = 'stem.bn', 'body.0.bn', 'body.1.bn', 'body.2.bn', 'body.3.bn', 'bn' }
        @{ Typed = "Get-BnModule 'small model.pt' -Name BODY.1"; Names = 'body.1.bn' }
        @{ Typed = "Get-BnModule 'small model.pt' -Name bn, st"; Names = 'stem.bn' }
        @{ Typed = "Get-BnModule -LiteralPath 'small model.pt' -Name 'st"; Names = 'stem.bn' }
        @{ Typed = "Get-BnModule -LiteralPath 'model [2].pt' -Name st"; Names = 'stem.bn' }
        @{ Typed = 'Get-BnModule sma*.pt -Name st'; Names = 'stem.bn' }
        @{ Typed = 'Get-BnModule missing.pt -Name st'; Names = $null }
        @{ Typed = "'small model.pt' | Get-BnModule -Name st"; Names = 'stem.bn' }
        @{ Typed = 'Get-ChildItem sma*.pt | Get-BnModule -Name st'; Names = 'stem.bn' }
        @{ Typed = "Compare-BnStat 'small model.pt' other.pt -Name st"; Names = 'stem.bn' }
    ) {
        (TabExpansion2 $Typed $Typed.Length).CompletionMatches.ListItemText | Should -Be $Names
    }

    It 'shows a table, grouped by file' {
        $table = Get-BnModule (Get-Fixture digits.scripted.pt) | Out-String -Width 120
        $table | Should -Match 'Path: .*digits\.scripted\.pt'
        $table | Should -Match 'Channels +Momentum +Batches +Training +Type +Name'
    }
}
