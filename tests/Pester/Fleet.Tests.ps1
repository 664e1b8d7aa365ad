BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'A fleet of models' {
    It 'is recomputed but for one bad model, which is named' {
        $null = Copy-Fixture digits.scripted.pt -As 'a.pt'
        Set-Content (Join-Path $TestDrive 'b.pt') 'not a model'
        $null = Copy-Fixture digits.traced.pt -As 'c.pt'
        $results = & "$PSScriptRoot/../../module/examples/fleet.ps1" -Folder $TestDrive -Data (Get-Fixture digits.calibration.npz) -Loader (Get-DigitsOption) -Update @{ Iterations = 5 }
        $LASTEXITCODE | Should -Be 1
        $summary = $results | Sort-Object Model | ConvertTo-Csv | ConvertFrom-Csv
        $summary.Model | Should -Be 'a.pt', 'b.pt', 'c.pt'
        $summary.Result | Should -Be 'Recomputed', 'Failed', 'Recomputed'
        $summary[1].Reason | Should -Match 'b\.pt'
        Join-Path $TestDrive 'a.pt.bak' | Should -Exist
    }
}
