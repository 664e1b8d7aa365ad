BeforeDiscovery {
    $ways = @(
        @{ Way = 'Start-Job'; Run = { param($Work, $Parameters) 1..2 | ForEach-Object { Start-Job $Work -ArgumentList (@($_) + $Parameters) } | Receive-Job -Wait -AutoRemoveJob } }
        @{ Way = 'Start-ThreadJob'; Run = { param($Work, $Parameters) 1..2 | ForEach-Object { Start-ThreadJob $Work -ArgumentList (@($_) + $Parameters) } | Receive-Job -Wait -AutoRemoveJob } }
        @{ Way = 'ForEach-Object -Parallel'; Run = { param($Work, $Parameters) $text = "$Work"; 1..2 | ForEach-Object -Parallel { & ([scriptblock]::Create($using:text)) $_ @using:Parameters } } }
    )
}

BeforeAll {
    . "$PSScriptRoot/Digits.ps1"

    # What each of them does: nothing of this session is there but the paths.
    $work = {
        param($Shard, $Module, $Model, $Data)
        $ErrorActionPreference = 'Stop'
        Import-Module $Module
        $loader = New-BnDataLoader $Data -Key images -Mean 0.1307 -StandardDeviation 0.3081
        Get-BnModule $Model | Measure-BnStat $loader -Shard "$Shard/2"
    }
    $model = (Resolve-Path (Get-Fixture digits.scripted.pt)).ProviderPath
    $parameters = @(
        (Resolve-Path "$PSScriptRoot/../../PreciseBn.psd1").ProviderPath
        $model
        (Resolve-Path (Get-Fixture digits.calibration.npz)).ProviderPath
    )
    $expected = 1..2 | ForEach-Object { & $work $_ @parameters } | Merge-BnStat
}

Describe 'Shards that are measured by <Way>' -ForEach $ways {
    BeforeAll {
        $partials = & $Run $work $parameters
        $merged = $partials | Merge-BnStat
    }

    It 'merge into what this session measures' {
        $merged.Name | Should -Be $expected.Name
        for ($index = 0; $index -lt $expected.Count; $index++) {
            $deviations = $expected[$index].Variance.ForEach({ [math]::Sqrt($_) })
            Measure-Difference $merged[$index].Mean $expected[$index].Mean $deviations | Should -BeLessThan 1e-12
            Measure-Difference $merged[$index].Variance $expected[$index].Variance | Should -BeLessThan 1e-12
            $merged[$index].Batches | Should -Be 50
        }
    }

    It 'are taken back by the cmdlets' {
        $file = Join-Path $TestDrive "$([guid]::NewGuid())"
        $partials | Merge-BnStat -AsPartial | Export-BnStat "$file.safetensors"
        $partials | Merge-BnStat | Update-BnStat -Destination "$file.pt" | Export-BnReport "$file.svg"
        Compare-BnStat "$file.pt" (Import-BnStat "$file.safetensors" | Merge-BnStat) | Where-Object MeanShift -GT 1e-6 | Should -BeNullOrEmpty
        Compare-BnStat "$file.pt" $expected | Where-Object { $_.Presence -ne 'Both' -or $_.VarianceRatio -gt 1.000001 } | Should -BeNullOrEmpty
        "$file.svg" | Should -Exist
    }

    It 'leave no job behind' {
        Get-Job | Should -BeNullOrEmpty
    }
}
