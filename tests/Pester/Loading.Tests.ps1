BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

# What is not needed costs neither time nor memory.
Describe 'What is loaded' {
    BeforeAll {
        Export-Csv -InputObject ([pscustomobject]@{ a = 1 }) (Join-Path $TestDrive 'table.csv')
        $files = (Get-Fixture digits.scripted.pt), (Get-Fixture digits.calibration.npy), (Get-Fixture tables/numbers.parquet)
        $run = Invoke-PowerShell -ArgumentList $files {
            $model, $array, $parquet = $args
            $steps = [ordered]@{
                'Get-BnModule'   = { Get-BnModule $model }
                'Compare-BnStat' = { Compare-BnStat $model $model }
                'Test-BnStat'    = { Test-BnStat $model $model }
                'an array'       = { New-BnDataLoader $array }
                'a CSV table'    = { New-BnDataLoader table.csv }
                'a Parquet file' = { New-BnDataLoader $parquet -ExcludeColumn hole }
                'a tensor'       = { [TorchSharp.torch]::zeros(1) }
            }
            $loaded = foreach ($step in $steps.Keys) {
                $null = & $steps[$step]
                [pscustomobject]@{
                    After    = $step
                    LibTorch = @((Get-Process -Id $PID).Modules.FileName -like '*torch_cpu*').Count
                    Readers  = [AppDomain]::CurrentDomain.GetAssemblies().ForEach({ $_.GetName().Name }).Where({ $_ -in 'ParquetSharp', 'CsvHelper' }) -join ' '
                }
            }
            $loaded | ConvertTo-Json
        }
        $run.Errors | Should -BeNullOrEmpty
        $script:loaded = $run.Output | ConvertFrom-Json
    }

    It 'is no libtorch after <_>' -ForEach 'Get-BnModule', 'Compare-BnStat', 'Test-BnStat' {
        ($loaded | Where-Object After -EQ $_).LibTorch | Should -Be 0
    }

    # macOS does not tell a process which libraries it has.
    It 'is libtorch after a tensor' -Skip:$IsMacOS {
        ($loaded | Where-Object After -EQ 'a tensor').LibTorch | Should -Be 1
    }

    It 'is, of the readers of tables, <Readers> after <After>' -ForEach @(
        @{ After = 'an array'; Readers = '' }
        @{ After = 'a CSV table'; Readers = 'CsvHelper' }
        @{ After = 'a Parquet file'; Readers = 'CsvHelper ParquetSharp' }
    ) {
        ($loaded | Where-Object After -EQ $After).Readers | Should -Be $Readers
    }
}
