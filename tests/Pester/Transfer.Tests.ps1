BeforeAll {
    Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Force
    $fixtures = "$PSScriptRoot/../fixtures"
}

Describe 'Statistics in other files' {
    BeforeEach {
        $model = Join-Path $TestDrive 'model.pt'
        $checkpoint = Join-Path $TestDrive 'checkpoint.pth'
        Copy-Item "$fixtures/digits.scripted.pt" $model -Force
        Copy-Item "$fixtures/digits.checkpoint.pth" $checkpoint -Force
    }

    It 'go from a model into a checkpoint and back without a trace' {
        $before = (Get-FileHash $checkpoint).Hash
        $old = Get-BnModule $checkpoint
        $null = Set-BnStat -From "$fixtures/digits.scripted-extra.pt" $checkpoint
        $null = $old | Set-BnStat $checkpoint
        (Get-FileHash $checkpoint).Hash | Should -Be $before
    }

    It 'are exported and imported' {
        $file = Join-Path $TestDrive 'stats.safetensors'
        Get-BnModule $model | Export-BnStat $file -Force
        $back = Import-BnStat $file
        $back.Name | Should -Be (Get-BnModule $model).Name
        $back[0].Mean | Should -Be (Get-BnModule $model)[0].Mean
    }

    It 'are refused where they do not belong' {
        { Get-BnModule $model -Name bn, stem.bn | Set-BnStat $checkpoint -ErrorAction Stop } |
            Should -Throw -ErrorId 'LayersNotGiven,PreciseBn.PowerShell.SetBnStatCommand'
    }
}
