BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

Describe 'Shards' {
    BeforeAll {
        $loader = Get-Calibration @{ Take = 128 }
        $original = (Get-FileHash (Get-Fixture digits.scripted.pt)).Hash
    }

    BeforeEach {
        Get-ChildItem $TestDrive | Remove-Item
        $null = Copy-Fixture digits.scripted.pt -As model.pt
        Push-Location $TestDrive
    }

    AfterEach {
        Pop-Location
    }

    It 'are merged from files, and set' {
        foreach ($i in 1..2) {
            Get-BnModule model.pt | Measure-BnStat $loader -Shard $i/2 | Export-BnStat part-$i.safetensors
        }
        Merge-BnStat part-*.safetensors | Set-BnStat model.pt -Destination merged.pt
        $null = Get-BnModule model.pt | Update-BnStat $loader -Destination whole.pt
        $comparisons = Compare-BnStat whole.pt merged.pt
        $comparisons | Should -HaveCount 6
        ($comparisons | Measure-Object Divergence -Maximum).Maximum | Should -BeLessThan 1e-2
        (Get-FileHash model.pt).Hash | Should -Be $original
    }

    It 'go, once merged, into all that takes statistics' {
        $merged = 1..4 | ForEach-Object { Get-BnModule model.pt | Measure-BnStat $loader -Shard $_/4 } | Merge-BnStat
        $merged | Export-BnStat stats.safetensors
        $merged | Set-BnStat model.pt -Destination set.pt
        $null = $merged | Update-BnStat -Destination updated.pt
        $comparisons = @(
            Compare-BnStat set.pt updated.pt
            Compare-BnStat set.pt stats.safetensors
            $merged | Compare-BnStat -Reference set.pt
        )
        $comparisons | Should -HaveCount 18
        ($comparisons | Measure-Object Divergence -Maximum).Maximum | Should -BeLessOrEqual 1e-12
        (Get-FileHash set.pt).Hash | Should -Be (Get-FileHash updated.pt).Hash
    }

    It 'are neither measured nor written with -WhatIf' {
        $unread = [System.Linq.Enumerable]::Select([int[]] 1, [Func[int, object]] { throw 'read' })
        Get-BnModule model.pt | Measure-BnStat $unread -Checkpoint c.safetensors -WhatIf | Should -BeNullOrEmpty
        Get-BnModule model.pt | Measure-BnStat $loader | Export-BnStat part.safetensors -WhatIf | Should -BeNullOrEmpty
        & { $WhatIfPreference = $true; Get-BnModule model.pt | Export-BnStat model.pt.safetensors; Get-BnModule model.pt | Export-BnStat missing/part.safetensors } | Should -BeNullOrEmpty
        Get-BnModule model.pt | Measure-BnStat $loader | Merge-BnStat | Update-BnStat -WhatIf | Should -BeNullOrEmpty
        (Get-ChildItem -Force).Name | Should -Be 'model.pt'
        (Get-FileHash model.pt).Hash | Should -Be $original
    }
}
