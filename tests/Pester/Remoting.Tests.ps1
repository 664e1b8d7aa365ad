# PowerShell over SSH, to an sshd of this machine with keys of its own that nobody else has.
BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    $sshd = (Get-Command sshd, /usr/sbin/sshd -CommandType Application -ErrorAction Ignore | Select-Object -First 1).Source
    $missing = if (-not $IsLinux) { 'the server is set up as on Linux' }
    elseif (-not $sshd) { "there is no sshd; Debian's openssh-server has it" }
    elseif (@(Get-Command ssh, ssh-keygen -CommandType Application -ErrorAction Ignore).Count -lt 2) { 'there is no ssh or ssh-keygen' }

    # A port that is free now.
    function Get-FreePort {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $listener.LocalEndpoint.Port
        $listener.Stop()
    }

    if (-not $missing) {
        $folder = Join-Path $TestDrive 'ssh'
        $null = New-Item $folder -ItemType Directory
        chmod 700 $folder
        foreach ($key in 'host', 'user') {
            ssh-keygen -q -t ed25519 -N '' -C $key -f "$folder/$key"
        }
        Copy-Item "$folder/user.pub" "$folder/authorized_keys"
        $port = Get-FreePort
        "[127.0.0.1]:$port $(Get-Content "$folder/host.pub")" | Set-Content "$folder/known_hosts"
        $shell = @([Environment]::ProcessPath) + @(if ((Split-Path ([Environment]::ProcessPath) -LeafBase) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' })
        # Threads that wait asleep: those of both sessions share the processors of one machine.
        @"
SetEnv OMP_WAIT_POLICY=passive
ListenAddress 127.0.0.1:$port
HostKey $folder/host
AuthorizedKeysFile $folder/authorized_keys
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
PidFile none
Subsystem powershell $shell -sshs -NoLogo -NoProfile
"@ | Set-Content "$folder/sshd_config"
        # Of a server that nobody has started yet, the folder that its unprivileged part is locked into.
        $emptyFolder = if ([Environment]::UserName -eq 'root' -and -not (Test-Path /run/sshd)) {
            New-Item /run/sshd -ItemType Directory
        }
        $start = [Diagnostics.ProcessStartInfo]::new($sshd, [string[]]('-D', '-e', '-f', "$folder/sshd_config"))
        $start.RedirectStandardError = $true
        $server = [Diagnostics.Process]::Start($start)
        while (($said = $server.StandardError.ReadLine()) -notlike 'Server listening*') {
            if ($null -eq $said) {
                throw 'sshd ended: {0}' -f ($log -join ' ')
            }
            $log += @($said)
        }
        $null = $server.StandardError.ReadToEndAsync()
        $connection = @{
            UserName    = [Environment]::UserName
            Port        = $port
            KeyFilePath = "$folder/user"
            Options     = @{ UserKnownHostsFile = "$folder/known_hosts"; StrictHostKeyChecking = 'yes'; IdentitiesOnly = 'yes' }
        }
    }
}

AfterAll {
    if ($server) {
        $server.Kill($true)
        $server.WaitForExit()
    }
    if ($emptyFolder) {
        Remove-Item $emptyFolder
    }
}

Describe 'remoting.ps1 over SSH' -Tag Once {
    BeforeEach {
        if ($missing) {
            Set-ItResult -Skipped -Because $missing
            return
        }
        $model = (Resolve-Path (Get-Fixture digits.scripted.pt)).ProviderPath
        $parameters = @{
            HostName    = '127.0.0.1', '127.0.0.1'
            Module      = (Resolve-Path "$PSScriptRoot/../../PreciseBn.psd1").ProviderPath
            Model       = $model
            Data        = (Resolve-Path (Get-Fixture digits.calibration.npz)).ProviderPath
            Loader      = Get-DigitsOption
            Destination = Join-Path $TestDrive "$([guid]::NewGuid()).pt"
            Connection  = $connection
        }
        $example = "$PSScriptRoot/../../module/examples/remoting.ps1"
    }

    It 'measures in two sessions what one gives' {
        Set-StrictMode -Version Latest
        & $example @parameters
        $merged = Get-BnModule $parameters.Destination

        $single = Join-Path $TestDrive 'single.pt'
        1..2 | ForEach-Object { Get-BnModule $model | Measure-BnStat (Get-Calibration @{ Order = 'Shuffled' }) -Shard "$_/2" } | Merge-BnStat | Set-BnStat $model -Destination $single
        foreach ($layer in Get-BnModule $single) {
            $same = $merged | Where-Object Name -EQ $layer.Name
            Measure-Difference $same.Mean $layer.Mean $layer.Variance.ForEach({ [math]::Sqrt($_) }) | Should -BeLessThan 1e-12
            Measure-Difference $same.Variance $layer.Variance | Should -BeLessThan 1e-12
        }
    }

    It 'writes nothing if one machine fails' {
        $parameters.Data = Join-Path $TestDrive 'missing.npz'
        { & $example @parameters } | Should -Throw '*missing.npz*'
        $parameters.Destination | Should -Not -Exist
        Get-PSSession | Should -BeNullOrEmpty
    }
}
