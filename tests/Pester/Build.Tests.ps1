# A fresh Windows has Windows PowerShell 5.1 and nothing else; it is not at hand everywhere, but what it cannot read is known.
Describe 'build.ps1' {
    BeforeAll {
        . "$PSScriptRoot/Digits.ps1"
        $tokens = $errors = $null
        $script:ast = [System.Management.Automation.Language.Parser]::ParseFile((Convert-Path "$PSScriptRoot/../../build.ps1"), [ref]$tokens, [ref]$errors)
        $script:kinds = $tokens.Kind
    }

    It 'has nothing that Windows PowerShell 5.1 cannot read' {
        $kinds | Where-Object { $_ -in 'QuestionMark', 'QuestionDot', 'QuestionLBracket', 'QuestionQuestion', 'QuestionQuestionEquals', 'AndAnd', 'OrOr', 'Clean' } | Should -BeNullOrEmpty
        (Get-Content "$PSScriptRoot/../../build.ps1" -Raw) -match '[^\x00-\x7F]' | Should -BeFalse -Because 'without a byte order mark it reads other letters wrongly'
    }

    It 'has only attributes that it knows' {
        $ast.FindAll({ $args[0] -is [System.Management.Automation.Language.AttributeAst] }, $true).TypeName.FullName | Sort-Object -Unique |
            Should -Be 'CmdletBinding', 'Parameter', 'ValidateSet'
    }

    It 'goes on in the PowerShell of the tool manifest, with what it was given' {
        if (-not $(try { dotnet --list-sdks 2> $null } catch { $null })) {
            Set-ItResult -Skipped -Because 'there is no SDK of .NET'
            return
        }
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive "it's here/.config") -Force
        Copy-Item "$PSScriptRoot/../../.config/dotnet-tools.json" $folder
        $build = Join-Path $folder.Parent 'build.ps1'
        # Once as from an older PowerShell; what is started then says what it got.
        $text = (Get-Content "$PSScriptRoot/../../build.ps1" -Raw) -replace '-lt \[version\] ''7\.6''', "-lt [version] (`$env:PRECISEBN_FIRST ?? '0.0')"
        $text = $text -replace '(?m)^    \$solution = ', "    `"`$Task; `$TorchBackend; `$Platform; `$PSHOME`"; exit 3`n    `$solution = "
        $text = $text -replace '(?m)^        dotnet tool restore', "        `$env:PRECISEBN_FIRST = `$null`n        dotnet tool restore"
        Set-Content $build $text
        $env:PRECISEBN_FIRST = '99.0'
        try {
            $told = & $build -Task Build, Package -TorchBackend cuda-windows -Platform win-x64, linux-x64
            $LASTEXITCODE | Should -Be 3
            $told | Select-Object -Last 1 | Should -BeLike 'Build Package; cuda-windows; win-x64 linux-x64; *7.6*'
        }
        finally {
            $env:PRECISEBN_FIRST = $null
        }
    }
}
