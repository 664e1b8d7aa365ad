BeforeDiscovery {
    $views = foreach ($view in 'BnModule', 'BnStat', 'PartialBnStat', 'BnComparison', 'BnVerdict') {
        @{ View = $view }
    }
    $widths = foreach ($width in 80, 100, 120, 200) {
        @{ Width = $width }
    }
}

BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    . "$PSScriptRoot/TableViews.ps1"
    $culture = [cultureinfo]::CurrentCulture
    [cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture
    $layers = Get-LayerObject

    # What a process of its own does to show all tables, each after a line with its name. There is no function in it, which would
    # keep the language mode that it was defined in.
    $file = Join-Path $TestDrive 'layers.clixml'
    $layers | Export-Clixml $file -Depth 3
    $read = '[cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture; $layers = Import-Clixml $args[0]'
    $show = 'foreach ($view in $layers.Keys) { "== $view"; $layers[$view] | Out-Default }'

    # The tables of such a process.
    function Test-AllTables {
        param([string] $Text)
        $parts = $Text -split '(?m)^.*== (\w+)\r*\n'
        for ($index = 1; $index -lt $parts.Count; $index += 2) {
            Test-Table $parts[$index] $layers[$parts[$index]] $parts[$index + 1]
        }
        ($parts.Count - 1) / 2
    }
}

AfterAll {
    [cultureinfo]::CurrentCulture = $culture
}

Describe 'The table of <View>' -ForEach $views {
    It 'shows every number whole in <Width> columns' -ForEach $widths {
        $text = $layers[$View] | Out-String -Width $Width
        Test-Table $View $layers[$View] $text
        ($text -split '\r?\n').ForEach({ ($_ -replace '\e\[\d*m').TrimEnd().Length }) | Sort-Object | Select-Object -Last 1 | Should -BeLessOrEqual $Width
    }

    It 'is the same of objects that were written and read' {
        $copies = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($layers[$View], 3))
        $copies[0].PSTypeNames[0] | Should -Be "Deserialized.PreciseBn.$View"
        $copies | Out-String | Should -BeExactly ($layers[$View] | Out-String)
    }
}

Describe 'Tables' {
    It 'are whole where output is redirected, in strict mode and without colours' {
        $shown = Invoke-PowerShell ([scriptblock]::Create("Set-StrictMode -Version Latest; $read; $show; exit `$Error.Count")) $file -Environment @{ NO_COLOR = '1' }
        $shown.Errors | Should -BeNullOrEmpty
        $shown.ExitCode | Should -Be 0
        $shown.Output -match '\e' | Should -BeNullOrEmpty
        Test-AllTables ($shown.Output -join "`n") | Should -Be $layers.Count
    }

    It 'have numbers in constrained language mode' {
        $shown = Invoke-PowerShell ([scriptblock]::Create("$read; `$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; $show")) $file
        $shown.Errors | Should -BeNullOrEmpty
        Test-AllTables ($shown.Output -join "`n") | Should -Be $layers.Count
    }

    It 'are whole in a terminal' {
        if (-not $IsLinux -or -not (Get-Command script, stty -CommandType Application -ErrorAction Ignore)) {
            Set-ItResult -Skipped -Because 'there is no script of util-linux that makes a terminal'
            return
        }
        $program = Join-Path $TestDrive 'show.ps1'
        "Import-Module '$PSScriptRoot/../../PreciseBn.psd1'; $read; foreach (`$width in 80, 100, 120, 200) { stty cols `$width; $show }" | Set-Content $program
        $shell = @([Environment]::ProcessPath) + @(if ((Split-Path ([Environment]::ProcessPath) -LeafBase) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' })
        $text = script -qefc "TERM=xterm $shell -NoProfile -File $program $file" /dev/null | Out-String -Width 400
        $LASTEXITCODE | Should -Be 0
        Test-AllTables $text | Should -Be (4 * $layers.Count)
        $text | Should -Match '\e\[31m.*█'
    }
}

Describe 'The list of findings' {
    BeforeAll {
        $findings = Test-BnModule (Get-Fixture digits.scripted.pt) -Data (Get-Calibration) -PassThru
    }

    It 'breaks text at words in <Width> columns' -ForEach $widths {
        $text = $findings | Out-String -Width $Width
        foreach ($finding in $findings) {
            $words = -split "$($finding.Detail) Advice : $($finding.Advice)" -join ' '
            (-split $text -join ' ') | Should -BeLike "*Severity : $($finding.Severity) Finding : $($finding.Finding) Name : $($finding.Name) Detail : $words*"
        }
    }

    It 'can be had as a table' {
        $rows = Read-Table BnFinding ($findings | Format-Table | Out-String -Width 80)
        @($rows).Count | Should -Be ($findings.Count + 1)
        for ($index = 0; $index -lt $findings.Count; $index++) {
            $rows[$index + 1].Values | Should -Be @($findings[$index].Severity, $findings[$index].Finding, $findings[$index].Name)
        }
    }
}
