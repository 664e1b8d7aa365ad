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

    It 'passes what was exported on to a checkpoint' {
        $file = Join-Path $TestDrive 'on the way.safetensors'
        $model = Copy-Fixture digits.scripted.pt
        Get-BnModule $model | Update-BnStat (Get-Calibration) -Iterations 2 | Export-BnStat $file
        $checkpoint = Copy-Fixture digits.checkpoint.pth
        Import-BnStat (Join-Path $TestDrive 'on the*') | Set-BnStat $checkpoint -PassThru | Should -HaveCount 6
        (Get-BnModule $checkpoint).Mean | Should -Be (Get-BnModule $model).Mean
    }

    It 'tells with -Verbose how many layers a file has' {
        $file = Join-Path $TestDrive 'told.safetensors'
        Get-BnModule (Get-Fixture digits.scripted.pt) | Export-BnStat $file
        Get-VerboseLine { Import-BnStat $file -Verbose } | Should -Contain "'$file' has statistics of 6 layers."
    }

    It 'refuses other files: <File>' -ForEach @(
        @{ File = 'digits.safetensors'; ErrorId = 'NotExported'; Category = 'InvalidData'; Target = { Join-Path $TestDrive digits.safetensors } }
        @{ File = 'digits.scripted.pt'; ErrorId = 'NotExported'; Category = 'InvalidData'; Target = { Join-Path $TestDrive digits.scripted.pt } }
        @{ File = 'missing'; ErrorId = 'FileNotFound'; Category = 'ObjectNotFound'; Target = { Join-Path $TestDrive missing } }
    ) {
        Copy-Item (Get-Fixture digits.safetensors), (Get-Fixture digits.scripted.pt) $TestDrive
        Assert-Mistake { Import-BnStat (Join-Path $TestDrive $File) } "$ErrorId,PreciseBn.PowerShell.ImportBnStatCommand" $Category $Target
    }
}
