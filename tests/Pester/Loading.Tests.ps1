BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
}

# What is not needed costs neither time nor memory.
Describe 'What is loaded' {
    BeforeAll {
        Export-Csv -InputObject ([pscustomobject]@{ a = 1 }) (Join-Path $TestDrive 'table.csv')
        # libtorch as a build for cards has it, but for what is in the library.
        $natives = New-Item -ItemType Directory (Join-Path $TestDrive 'cuda')
        if ($IsLinux) {
            Get-ChildItem "$PSScriptRoot/../../module/bin/natives/linux-x64/*" | ForEach-Object { $null = New-Item -ItemType SymbolicLink -Path $natives -Name $_.Name -Value $_.FullName }
            Copy-Item (Join-Path $natives libc10.so) (Join-Path $natives libtorch_cuda.so)
        }
        $files = (Get-Fixture digits.scripted.pt), (Get-Fixture digits.calibration.npy), (Get-Fixture tables/numbers.parquet), $natives
        $run = Invoke-PowerShell -ArgumentList $files -Environment @{ NO_COLOR = $null; CUDA_VISIBLE_DEVICES = '-1' } {
            $model, $array, $parquet, $natives = $args
            if ($IsLinux) {
                [PreciseBn.Native.LibTorchFolder]::FindWith({ $natives }.GetNewClosure(), 'None.')
            }
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
                    ForCards = @((Get-Process -Id $PID).Modules.FileName -like '*torch_cuda*').Count
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

    It 'is nothing for cards where the process sees none' -Skip:(-not $IsLinux) {
        ($loaded | Where-Object After -EQ 'a tensor').ForCards | Should -Be 0
    }

    It 'is, of the readers of tables, <Readers> after <After>' -ForEach @(
        @{ After = 'an array'; Readers = '' }
        @{ After = 'a CSV table'; Readers = 'CsvHelper' }
        @{ After = 'a Parquet file'; Readers = 'CsvHelper ParquetSharp' }
    ) {
        ($loaded | Where-Object After -EQ $After).Readers | Should -Be $Readers
    }
}
