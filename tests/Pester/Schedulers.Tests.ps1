# What schedulers rely on: a command and a file, and what the exit code says.
BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    . "$PSScriptRoot/Sessions.ps1"
    $examples = Convert-Path "$PSScriptRoot/../../module/examples"
    $model = Copy-Fixture digits.scripted.pt
    $digits = @{ Data = Get-Fixture digits.calibration.npz; Key = 'images'; Mean = '0.1307'; StandardDeviation = '0.3081' }

    function Measure-Shard {
        param([string] $Folder, [string] $Shard, [hashtable] $Other = @{})
        $parameters = @{ Model = $model; Folder = $Folder; Shard = $Shard; Iterations = 6 } + $digits
        foreach ($name in $Other.Keys) {
            $parameters[$name] = $Other[$name]
        }
        Invoke-Example measure.ps1 $parameters
    }

    function Get-Merging {
        param([string] $Folder, [int] $Wait = 0)
        @{ Model = $model; Folder = $Folder; Destination = Join-Path $Folder new.pt; Wait = $Wait }
    }

    # A script as a scheduler starts it.
    function Start-Script {
        param([string] $Name, [hashtable] $Parameter)
        $shell = [Environment]::ProcessPath
        $engine = @(if ((Split-Path $shell -LeafBase) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' })
        $arguments = foreach ($key in $Parameter.Keys) { "-$key"; "$($Parameter[$key])" }
        $start = [Diagnostics.ProcessStartInfo]::new($shell, [string[]] ($engine + '-NoProfile', '-NonInteractive', '-File', "$examples/$Name" + $arguments))
        $start.RedirectStandardError = $start.RedirectStandardOutput = $true
        [Diagnostics.Process]::Start($start)
    }

    # What a process says to its end.
    function Wait-Script {
        param([Diagnostics.Process] $Process)
        $errors = $Process.StandardError.ReadToEndAsync()
        $output = $Process.StandardOutput.ReadToEnd()
        $Process.WaitForExit()
        [pscustomobject]@{ ExitCode = $Process.ExitCode; Output = $output; Errors = $errors.Result }
        $Process.Dispose()
    }

    function New-Folder {
        (New-Item (Join-Path $TestDrive "results-$([guid]::NewGuid())") -ItemType Directory).FullName
    }
}

Describe 'The scripts for schedulers' -Tag Once {
    It 'end with 0 when all is done, and tell what was used' {
        $folder = New-Folder
        $done = Wait-Script (Start-Script measure.ps1 (@{ Model = $model; Folder = $folder; Shard = '1/4,2..3/4'; Iterations = 6 } + $digits))
        $done.ExitCode | Should -Be 0
        $done.Errors | Should -BeNullOrEmpty
        $done.Output | Should -Match 'on 1 batches of shard 3/4 of .*, of at most 6 of all shards'
        [int] (Measure-Shard $folder 4/4).ExitCode | Should -Be 0
        $merged = Wait-Script (Start-Script merge.ps1 (Get-Merging $folder))
        $merged.ExitCode | Should -Be 0
        $merged.Output | Should -Match 'from 6 batches of all shards'
        Join-Path $folder new.pt | Should -Exist
    }

    It 'may be given again' {
        $folder = New-Folder
        [int] (Measure-Shard $folder 1/1).ExitCode | Should -Be 0
        $before = (Get-FileHash (Join-Path $folder part-1.safetensors)).Hash
        [int] (Measure-Shard $folder 1/1).ExitCode | Should -Be 0
        (Get-FileHash (Join-Path $folder part-1.safetensors)).Hash | Should -Be $before
        foreach ($i in 1..2) {
            [int] (Invoke-Example merge.ps1 (Get-Merging $folder)).ExitCode | Should -Be 0
        }
    }

    It 'end measuring with 65 where it would fail again: <Why>' -ForEach @(
        @{ Why = 'no such shard'; Shard = '3/2'; Other = @{} }
        @{ Why = 'no such model'; Shard = '1/2'; Other = @{ Model = 'nowhere.pt' } }
        @{ Why = 'no such data'; Shard = '1/2'; Other = @{ Data = 'nowhere.npz' } }
        @{ Why = 'no such array'; Shard = '1/2'; Other = @{ Key = 'pictures' } }
        @{ Why = 'a mean that is no number'; Shard = '1/2'; Other = @{ Mean = 'x' } }
        @{ Why = 'too few batches'; Shard = '1/2'; Other = @{ Iterations = 1000 } }
    ) {
        $folder = New-Folder
        (Measure-Shard $folder $Shard $Other).ExitCode | Should -Be 65
        Get-ChildItem $folder -Force | Should -BeNullOrEmpty
    }

    It 'end measuring with 65 in the folder of another run' {
        $folder = New-Folder
        [int] (Measure-Shard $folder 1/2).ExitCode | Should -Be 0
        (Measure-Shard $folder 1/3).ExitCode | Should -Be 65
    }

    It 'end a merge with 65, and name what is missing' {
        $folder = New-Folder
        $null = Measure-Shard $folder 2/4
        $done = Wait-Script (Start-Script merge.ps1 (Get-Merging $folder -Wait 1))
        $done.ExitCode | Should -Be 65
        $done.Errors | Should -BeLike '*no partial statistics of shard 1/4, 3..4/4 of *Give measure.ps1 these shards with -Shard *'
        Join-Path $folder new.pt | Should -Not -Exist
        [int] (Measure-Shard $folder '1/4, 3..4/4').ExitCode | Should -Be 0
        [int] (Invoke-Example merge.ps1 (Get-Merging $folder)).ExitCode | Should -Be 0
    }

    It 'name all shards if none has come' {
        $folder = New-Folder
        $done = Wait-Script (Start-Script merge.ps1 ((Get-Merging $folder -Wait 1) + @{ Shards = 4 }))
        $done.ExitCode | Should -Be 65
        $done.Errors | Should -BeLike '*no partial statistics of shard 1..4/4;*Give measure.ps1 these shards with -Shard *'
        Join-Path $folder new.pt | Should -Not -Exist
    }

    It 'end with 75 where it may succeed later' {
        $folder = New-Folder
        $null = Measure-Shard $folder 1/1
        $lock = [IO.FileStream]::new((Join-Path $folder .new.pt.lock), 'Create', 'ReadWrite', 'None')
        try {
            (Invoke-Example merge.ps1 (Get-Merging $folder)).ExitCode | Should -Be 75
        }
        finally {
            $lock.Dispose()
        }
    }

    It 'save their work and end with 75 when they are asked to end' -Skip:$IsWindows {
        $folder = New-Folder
        $watcher = [IO.FileSystemWatcher]::new($folder)
        $process = Start-Script measure.ps1 (@{ Model = $model; Folder = $folder; Shard = '1/1'; BatchSize = 2; Iterations = 800; Every = 1 } + $digits)
        while (-not $process.HasExited -and -not (Get-ChildItem $folder part-1.safetensors.attempt-*)) {
            $null = $watcher.WaitForChanged('All', 1000)
        }
        $watcher.Dispose()
        /bin/kill -TERM $process.Id
        $done = Wait-Script $process
        $done.ExitCode | Should -Be 75
        $done.Errors | Should -BeLike '*The process was asked to end while shard 1/1 was measured*'
        Join-Path $folder part-1.safetensors | Should -Not -Exist
    }
}
