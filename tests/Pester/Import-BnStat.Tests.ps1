BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Import-BnStat' {
    It 'gives back what was exported' {
        $file = Join-Path $TestDrive 'stats.safetensors'
        $stats = Get-BnModule (Copy-Fixture digits.scripted.pt) | Update-BnStat (Get-Calibration) -Iterations 2
        $stats | Export-BnStat $file
        $back = Import-BnStat $file
        $back.Name | Should -Be $stats.Name
        $back[0].Mean | Should -Be $stats[0].Mean
        $back[0].Batches | Should -Be 2
    }

    It 'takes wildcards, values from the pipeline and objects of Get-ChildItem' {
        foreach ($name in 'a', 'b') {
            Get-BnModule (Get-Fixture digits.scripted.pt) | Export-BnStat (Join-Path $TestDrive "many-$name.safetensors")
        }
        Import-BnStat (Join-Path $TestDrive 'many-*.safetensors') | Should -HaveCount 12
        Join-Path $TestDrive 'many-a.safetensors' | Import-BnStat | Should -HaveCount 6
        Get-ChildItem $TestDrive many-* | Import-BnStat | Should -HaveCount 12
    }

    It 'refuses other files: <File>' -ForEach @(
        @{ File = 'digits.safetensors'; ErrorId = 'NotExported' }
        @{ File = 'digits.scripted.pt'; ErrorId = 'NotExported' }
        @{ File = 'missing'; ErrorId = 'FileNotFound' }
    ) {
        { Import-BnStat (Get-Fixture $File) -ErrorAction Stop } | Should -Throw -ErrorId "$ErrorId,PreciseBn.PowerShell.ImportBnStatCommand"
    }
}
