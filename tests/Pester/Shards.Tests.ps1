BeforeAll {
    Import-Module "$PSScriptRoot/../../PreciseBn.psd1" -Force
    $fixtures = "$PSScriptRoot/../fixtures"
    $examples = "$PSScriptRoot/../../module/examples"
}

Describe 'Shards' {
    BeforeAll {
        $model = Join-Path $TestDrive 'model.pt'
        Copy-Item "$fixtures/digits.scripted.pt" $model
        $loader = New-BnDataLoader "$fixtures/digits.calibration.npz" -Key images -Mean 0.1307 -StandardDeviation 0.3081
        $expected = 1..2 | ForEach-Object { Get-BnModule $model | Measure-BnStat $loader -Shard "$_/2" } | Merge-BnStat
    }

    It 'come back from background jobs ready to merge' {
        & "$examples/jobs.ps1" -Model $model -Shards 2 -Destination (Join-Path $TestDrive 'jobs.pt')
        $found = Compare-BnStat $expected (Join-Path $TestDrive 'jobs.pt')
        ($found.MeanShift | Measure-Object -Maximum).Maximum | Should -BeLessThan 1e-6
        ($found.VarianceRatio | Measure-Object -Maximum).Maximum | Should -BeLessThan 1.00001
    }

    It 'are measured by copies of the model in one process' {
        & "$examples/parallel.ps1" -Model $model -Shards 2 -Destination (Join-Path $TestDrive 'parallel.pt')
        $found = Compare-BnStat $expected (Join-Path $TestDrive 'parallel.pt')
        ($found.MeanShift | Measure-Object -Maximum).Maximum | Should -BeLessThan 1e-6
    }

    It 'survive a file of CLIXML' {
        $file = Join-Path $TestDrive 'part.xml'
        Get-BnModule $model -Name bn | Measure-BnStat $loader | Export-Clixml $file
        (Import-Clixml $file | Merge-BnStat).Mean | Should -Be (Get-BnModule $model -Name bn | Measure-BnStat $loader | Merge-BnStat).Mean
    }

    It 'that are missing are named' {
        { Get-BnModule $model | Measure-BnStat $loader -Shard 1/2 | Merge-BnStat } |
            Should -Throw -ErrorId 'ShardsMissing,PreciseBn.PowerShell.MergeBnStatCommand'
    }
}
