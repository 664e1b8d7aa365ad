BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Export-BnReport' {
    BeforeAll {
        $script:precise = Join-Path $TestDrive 'precise.pt'
        $script:stats = Get-BnModule (Get-Fixture digits.scripted.pt) | Update-BnStat (Get-Calibration) -Iterations 9 -RecordConvergence -Destination $precise
    }

    It 'writes a page of what was measured' {
        $report = Join-Path $TestDrive 'measured.html'
        $stats | Export-BnReport $report
        Get-Content $report -Raw | Should -Match '<h2>Convergence</h2>'
    }

    It 'writes a page of the difference of two files' {
        $report = Join-Path $TestDrive 'files.html'
        Export-BnReport $report -Reference (Get-Fixture digits.scripted.pt) -Difference $precise -Title 'This week'
        Get-Content $report -Raw | Should -Match '<h1>This week</h1>'
    }

    It 'says by which commands it came about, also of statistics that were exported' {
        $options = @{ Iterations = 2; Destination = Join-Path $TestDrive "it's new.pt" }
        $measured = Get-BnModule (Get-Fixture digits.scripted.pt) | Update-BnStat -Data (Get-Calibration) @options -Force -Verbose:$false
        $command = $measured.Command | Sort-Object -Unique
        $command | Should -HaveCount 1
        $command | Should -Match '^Update-BnStat -'
        $destination = $options.Destination.Replace("'", "''")
        foreach ($part in "-Data <$(Get-Calibration)>", '-Iterations 2', "-Destination '$destination'", '-Force') {
            "$command ".Contains(" $part ") | Should -BeTrue -Because "$command has $part"
        }
        $command | Should -Not -Match 'Verbose'
        $file = Join-Path $TestDrive exported.safetensors
        $measured | Export-BnStat $file -Force
        (Import-BnStat $file).Command | Should -Be $measured.Command
        $report = Join-Path $TestDrive 'command.html'
        Compare-BnStat (Get-Fixture digits.scripted.pt) (Import-BnStat $file) -Name * | Export-BnReport $report
        $facts = ([xml] "<r>$((Select-String '<dl>.*?</dl>' $report).Matches[0].Value)</r>").r.dl
        $facts.dd | Should -Contain $measured[0].Command
        $facts.dd -match '^Compare-BnStat -.*-Difference <stem\.bn \(' | Should -HaveCount 1
    }

    It 'draws the drift alone into <_>' -ForEach 'drift.svg', 'drift.png' {
        $report = Join-Path $TestDrive $_
        Compare-BnStat (Get-Fixture digits.scripted.pt) $precise | Export-BnReport $report
        $report | Should -Exist
    }

    It 'writes nothing with -WhatIf' {
        $report = Join-Path $TestDrive 'never.html'
        $stats | Export-BnReport $report -WhatIf
        $report | Should -Not -Exist
    }

    It 'keeps a file that is there' {
        $report = Join-Path $TestDrive 'kept.html'
        Set-Content $report 'mine'
        { $stats | Export-BnReport $report -ErrorAction Stop } | Should -Throw -ErrorId 'DestinationExists*'
        Get-Content $report | Should -Be 'mine'
    }

    It 'asks what a file of another name is to be, unless -Format says it' {
        $report = Join-Path $TestDrive 'report.page'
        Assert-Mistake { $stats | Export-BnReport $report } 'UnknownReportFormat,PreciseBn.PowerShell.ExportBnReportCommand' 'InvalidArgument' $report
        $report | Should -Not -Exist
        $stats | Export-BnReport $report -Format Html
        $report | Should -Exist
    }

    It 'asks that before what stands before it in the pipeline has begun' {
        $script:begun = $false
        { & { $script:begun = $true; $stats } | Export-BnReport (Join-Path $TestDrive 'late.pdf') } | Should -Throw -ErrorId 'UnknownReportFormat*'
        $script:begun | Should -BeFalse
    }

    It 'says what it cannot report on' {
        { Get-BnModule $precise | Export-BnReport (Join-Path $TestDrive 'none.html') } | Should -Throw -ErrorId 'NotReportable*'
    }
}
