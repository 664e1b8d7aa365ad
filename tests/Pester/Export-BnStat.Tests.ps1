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
        Assert-Mistake { $layers | Export-BnStat $file } 'DestinationExists,PreciseBn.PowerShell.ExportBnStatCommand' 'ResourceExists' $file
        $layers | Export-BnStat $file -Force
        $file | Should -Exist
    }

    It 'refuses a layer that is given twice' {
        $layers = Get-BnModule (Get-Fixture digits.scripted.pt)
        $file = Join-Path $TestDrive 'twice.safetensors'
        Assert-Mistake { $layers + $layers | Export-BnStat $file } 'LayerGivenTwice,PreciseBn.PowerShell.ExportBnStatCommand' 'InvalidArgument' 'stem.bn'
        $file | Should -Not -Exist
    }

    It 'keeps a file that is there, though layers of several models come' {
        $tensors = Copy-Fixture digits.safetensors
        Assert-Mistake { Get-BnModule (Get-Fixture digits.scripted.pt), $tensors | Export-BnStat $tensors } 'DestinationExists,PreciseBn.PowerShell.ExportBnStatCommand' 'ResourceExists' $tensors
        (Get-FileHash $tensors).Hash | Should -Be (Get-FileHash (Get-Fixture digits.safetensors)).Hash
    }

    It 'tells with -Verbose where statistics were written' {
        $file = Join-Path $TestDrive 'told.safetensors'
        Get-VerboseLine { Get-BnModule (Get-Fixture digits.scripted.pt) | Export-BnStat $file -Verbose } |
            Should -Contain "The statistics of 6 layers were written into '$file'."
    }

    It 'refuses a destination before what stands before it in the pipeline has begun' {
        $file = Join-Path $TestDrive 'taken.safetensors'
        'taken' > $file
        $script:hasBegun = $false
        Assert-Mistake { 1 | ForEach-Object { $script:hasBegun = $true; Get-BnModule (Get-Fixture digits.scripted.pt) } | Export-BnStat $file } 'DestinationExists,PreciseBn.PowerShell.ExportBnStatCommand' 'ResourceExists' $file
        $hasBegun | Should -BeFalse
    }

    It 'leaves it to what failed to say so' {
        $file = Join-Path $TestDrive 'nothing.safetensors'
        $null = Get-BnModule nowhere.pt -ErrorAction SilentlyContinue -ErrorVariable errors | Export-BnStat $file -ErrorVariable +errors -WarningVariable warnings -WarningAction SilentlyContinue
        $errors.FullyQualifiedErrorId | Should -Be 'FileNotFound,PreciseBn.PowerShell.GetBnModuleCommand'
        "$warnings" | Should -BeLike "*'$file' was not written*"
        $file | Should -Not -Exist
    }
}
