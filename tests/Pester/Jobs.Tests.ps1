BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Shards that <Example> measures' -ForEach @(
    @{ Example = 'jobs.ps1' }
    @{ Example = 'parallel.ps1' }
) {
    It 'merge into the statistics of all values' {
        $merged = Join-Path $TestDrive 'merged.pt'
        & "$PSScriptRoot/../../module/examples/$Example" -Model (Get-Fixture digits.scripted.pt) -Shards 2 -Destination $merged
        $expected = Get-ExpectedStat stem.bn
        Measure-Difference (Get-BnModule $merged -Name stem.bn).Variance $expected.Variance | Should -BeLessThan 1e-5
    }
}
