BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'The shift of a mean in a table' {
    BeforeAll {
        $script:precise = Copy-Fixture digits.scripted.pt
        $null = Get-BnModule $precise | Update-BnStat (Get-Calibration) -Iterations 2
    }

    BeforeEach {
        $script:colourBefore = $env:NO_COLOR
    }

    AfterEach {
        $env:NO_COLOR = $colourBefore
        [cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture
    }

    It 'is a number and a bar as long as it is: <Shift>, <Severity>, blocks <Blocks>, colour <Colour>' -ForEach @(
        @{ Shift = 0; Severity = 'Information'; Blocks = $true; Colour = $false; Bar = '  0.0000' }
        @{ Shift = 0.5; Severity = 'Warning'; Blocks = $true; Colour = $false; Bar = '  0.5000 ███' }
        @{ Shift = 0.02; Severity = 'Information'; Blocks = $true; Colour = $true; Bar = '  0.0200 ▏' }
        @{ Shift = 0.5; Severity = 'Warning'; Blocks = $false; Colour = $false; Bar = '  0.5000 ###' }
        @{ Shift = 0.5; Severity = 'Warning'; Blocks = $true; Colour = $true; Bar = "`e[33m  0.5000 ███`e[0m" }
        @{ Shift = 3; Severity = 'Error'; Blocks = $true; Colour = $true; Bar = "`e[31m  3.0000 ██████`e[0m" }
        @{ Shift = 12345678; Severity = 'Error'; Blocks = $false; Colour = $false; Bar = ' 1.23e+7 ######' }
        @{ Shift = [double]::PositiveInfinity; Severity = 'Error'; Blocks = $false; Colour = $false; Bar = 'Infinity ######' }
    ) {
        [PreciseBn.PowerShell.ShiftBar]::Format($Shift, $Severity, $Blocks, $Colour) | Should -BeExactly $Bar
    }

    It 'is written as the culture writes numbers' {
        $culture = [cultureinfo]::InvariantCulture.Clone()
        $culture.NumberFormat.NumberDecimalSeparator = ','
        [cultureinfo]::CurrentCulture = $culture
        [PreciseBn.PowerShell.ShiftBar]::Format(0.5, 'Warning', $true, $false) | Should -BeExactly '  0,5000 ███'
    }

    It 'is coloured only where that is wanted: <Rendering>, host <HostHasColour>, NO_COLOR <NoColour>' -ForEach @(
        @{ Rendering = 'Ansi'; HostHasColour = $true; NoColour = $null; IsColoured = $true }
        @{ Rendering = 'Host'; HostHasColour = $true; NoColour = $null; IsColoured = $true }
        @{ Rendering = 'PlainText'; HostHasColour = $true; NoColour = $null; IsColoured = $false }
        @{ Rendering = 'Ansi'; HostHasColour = $false; NoColour = $null; IsColoured = $false }
        @{ Rendering = 'Ansi'; HostHasColour = $true; NoColour = '1'; IsColoured = $false }
    ) {
        $env:NO_COLOR = $NoColour
        $layer = Compare-BnStat (Get-Fixture digits.scripted.pt) $precise | Sort-Object MeanShift -Bottom 1
        $shown = [PreciseBn.PowerShell.ShiftBar]::Format($layer, [pscustomobject]@{ OutputRendering = $Rendering }, $HostHasColour)
        $shown | Should -Match $layer.MeanShift.ToString('0.0000')
        $shown.Contains("`e") | Should -Be $IsColoured
    }

    It 'has blocks where they can be written: <Encoding>' -ForEach @(
        @{ Encoding = 'ascii'; HasBlocks = $false }
        @{ Encoding = 'utf-8'; HasBlocks = $true }
        @{ Encoding = 'iso-8859-1'; HasBlocks = $false }
    ) {
        [PreciseBn.PowerShell.ShiftBar]::CanBlocks([System.Text.Encoding]::GetEncoding($Encoding)) | Should -Be $HasBlocks
    }
}

Describe 'What a script shows without colours' {
    BeforeAll {
        $script:model = Copy-Fixture digits.scripted.pt -As 'Größe [1] a.pt'
        $script:shown = Invoke-PowerShell -Environment @{ NO_COLOR = '1' } -ArgumentList $model {
            $model = Get-BnModule -LiteralPath $args[0]
            '# Get-BnModule'; $model | Out-Default
            '# Compare-BnStat'; $model | Compare-BnStat $model | Out-Default
            '# Test-BnStat'; $model | Test-BnStat $model -PassThru | Out-Default
            '# in memory'; Get-BnModule -Model ([TorchSharp.torch+nn]::BatchNorm1d(3)) | Out-Default
            '# list'; & { $model[0]; $model | Compare-BnStat $model } | Out-Default
        }
        $script:parts = @{}
        foreach ($part in $shown.Output -join "`n" -split '(?m)^# ' -ne '') {
            $name, $lines = $part -split "`n"
            $parts[$name] = $lines
        }
    }

    It 'has no errors, and no escapes' {
        $shown.ExitCode | Should -Be 0
        $shown.Errors | Should -BeNullOrEmpty
        $shown.Output -match "`e" | Should -BeNullOrEmpty
    }

    It 'is a table grouped by file: <_>' -ForEach 'Get-BnModule', 'Compare-BnStat', 'Test-BnStat' {
        $parts[$_] | Should -Contain "   Path: $model"
    }

    It 'has the headings of layers' {
        $parts['Get-BnModule'] -match 'Channels' -match 'Momentum' -match 'Type' -match 'Name' | Should -HaveCount 1
    }

    It 'says of what is in no file that it is in memory' {
        $parts['in memory'] | Should -Contain '   Path: in memory'
    }

    # PowerShell shows as a list what follows a table of other objects.
    It 'names the layer of each side in a list' {
        $parts['list'] | Should -Contain 'Reference     : stem.bn (BatchNorm2d, 16 channels)'
    }
}
