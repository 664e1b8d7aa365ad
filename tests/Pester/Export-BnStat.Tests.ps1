BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Export-BnStat' {
    It 'writes statistics that compare as equal' {
        $file = Join-Path $TestDrive 'stats.safetensors'
        Get-BnModule (Get-Fixture digits.scripted.pt) | Export-BnStat $file
        (Compare-BnStat (Get-Fixture digits.scripted.pt) $file).Divergence | Should -Be (@(0) * 6)
    }

    It 'replaces a file only with -Force, and writes none with -WhatIf' {
        $file = Join-Path $TestDrive 'once.safetensors'
        $layers = Get-BnModule (Get-Fixture digits.scripted.pt)
        $layers | Export-BnStat $file -WhatIf
        $file | Should -Not -Exist
        $layers | Export-BnStat $file
        { $layers | Export-BnStat $file -ErrorAction Stop } | Should -Throw -ErrorId 'DestinationExists,PreciseBn.PowerShell.ExportBnStatCommand'
        $layers | Export-BnStat $file -Force
        $file | Should -Exist
    }

    It 'refuses a layer that is given twice' {
        $layer = Get-BnModule (Get-Fixture digits.scripted.pt) -Name bn
        { $layer, $layer | Export-BnStat (Join-Path $TestDrive 'twice.safetensors') -ErrorAction Stop } |
            Should -Throw -ErrorId 'LayerGivenTwice,PreciseBn.PowerShell.ExportBnStatCommand'
    }
}
