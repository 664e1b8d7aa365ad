BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    . "$PSScriptRoot/TableViews.ps1"
    $model = (Resolve-Path (Get-Fixture digits.scripted.pt)).ProviderPath
    $precise = Join-Path $TestDrive 'precise.pt'
    $null = Get-BnModule $model | Update-BnStat (Get-Calibration) -Destination $precise
    $compared = Compare-BnStat $model $precise
    $escape = [char]27

    function Get-Kept {
        param([string] $File)
        Get-Content (Join-Path $TestDrive $File) -Raw
    }
}

Describe 'Where tables are kept' {
    BeforeAll {
        # One process for all: each file has the same table.
        $run = Invoke-PowerShell {
            $model, $precise = $args
            $null = Start-Transcript transcript.txt
            Compare-BnStat $model $precise | Out-Default
            $null = Stop-Transcript
            Compare-BnStat $model $precise > redirected.txt
            Compare-BnStat $model $precise | Out-File out-file.txt -Width 100
            $PSStyle.OutputRendering = 'PlainText'
            Compare-BnStat $model $precise > plain.txt
            Compare-BnStat $model $precise | Out-String | Set-Content string.txt
            $PSStyle.OutputRendering = 'Ansi'
            Compare-BnStat $model $precise > ansi.txt
            $env:NO_COLOR = '1'
            Compare-BnStat $model $precise | Out-String | Set-Content no-colour.txt
        } $model, $precise
    }

    It 'nothing goes wrong' {
        $run.Errors | Should -BeNullOrEmpty
    }

    It '<File> has the whole table and no escape sequences' -ForEach @(
        @{ File = 'transcript.txt' }
        @{ File = 'redirected.txt' }
        @{ File = 'out-file.txt' }
        @{ File = 'plain.txt' }
        @{ File = 'string.txt' }
    ) {
        $text = Get-Kept $File
        $text | Should -Not -Match $escape
        # Of a transcript, what lies between the lines of asterisks before and after.
        Test-Table BnComparison $compared ($text -split '(?m)^\*{10,}|^Transcript started.*' -match 'MeanShift')[0]
    }

    It 'the bar is coloured where escape sequences are asked for' {
        Get-Kept ansi.txt | Should -Match "$escape\[31m +0\.9662 "
        Test-Table BnComparison $compared (Get-Kept ansi.txt)
    }

    It 'NO_COLOR is heeded' {
        Get-Kept no-colour.txt | Should -Not -Match "$escape\[3[13]m"
        Test-Table BnComparison $compared (Get-Kept no-colour.txt)
    }
}
