BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Get-BnModule' {
    It 'lists the layers with their statistics' {
        $layers = Get-BnModule (Get-Fixture digits.scripted.pt)
        $layers.Name | Should -Be 'stem.bn', 'body.0.bn', 'body.1.bn', 'body.2.bn', 'body.3.bn', 'bn'
        $layers.Channels | Should -Be 16, 32, 32, 64, 64, 64
        $layers[0].Mean | Should -HaveCount 16
        $layers[-1].Type | Should -Be 'BatchNorm1d'
    }

    It 'takes paths by value, from objects with a path, and wildcards' {
        $model = Copy-Fixture digits.scripted.pt -As 'model.pt'
        ($model | Get-BnModule).Count | Should -Be 6
        (Get-ChildItem $model | Get-BnModule).Count | Should -Be 6
        ([pscustomobject]@{ PSPath = $model } | Get-BnModule).Count | Should -Be 6
        (Get-BnModule (Join-Path $TestDrive 'mod*.pt')).Count | Should -Be 6
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
        (Get-BnModule (Get-Fixture digits.scripted-training.pt) -Mode Training).Count | Should -Be 6
    }

    It 'lists <_>' -ForEach 'digits.exported-2.14.pt2', 'digits.checkpoint.pth', 'digits.safetensors', 'digits.traced.pt' {
        Get-BnModule (Get-Fixture $_) | Should -HaveCount 6
    }

    It 'lists a model in memory' {
        (Get-BnModule -Model ([TorchSharp.torch+nn]::BatchNorm2d(7))).Channels | Should -Be 7
    }

    It 'names what is not there: <ErrorId>' -ForEach @(
        @{ Run = { Get-BnModule missing.pt }; ErrorId = 'FileNotFound' }
        @{ Run = { Get-BnModule (Get-Fixture digits.scripted.pt) -Name nowhere }; ErrorId = 'LayerNotFound' }
        @{ Run = { Get-BnModule (Get-Fixture digits.accuracy.json) }; ErrorId = 'NotAModel' }
        @{ Run = { Get-BnModule $TestDrive }; ErrorId = 'PathIsDirectory' }
    ) {
        & $Run -ErrorVariable +failures 2>&1 | ForEach-Object FullyQualifiedErrorId | Should -Be "$ErrorId,PreciseBn.PowerShell.GetBnModuleCommand"
    }

    It 'completes names of layers' {
        $typed = "Get-BnModule '$(Get-Fixture digits.scripted.pt)' -Name st"
        (TabExpansion2 $typed $typed.Length).CompletionMatches.CompletionText | Should -Be 'stem.bn'
    }

    It 'shows a table, grouped by file' {
        $table = Get-BnModule (Get-Fixture digits.scripted.pt) | Out-String -Width 120
        $table | Should -Match 'Path: .*digits\.scripted\.pt'
        $table | Should -Match 'Name +Type +Channels +Momentum +Eps'
    }
}
