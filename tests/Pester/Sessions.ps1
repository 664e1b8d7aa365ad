<#
.SYNOPSIS
    Sessions of their own, as new as those of users who have just started PowerShell: without the module, in the folder of the
    test, and with none of the preferences of this one.
#>

function New-Session {
    $shell = [powershell]::Create()
    $null = $shell.AddCommand('Set-Location').AddParameter('LiteralPath', "$TestDrive").Invoke()
    $shell.Commands.Clear()
    $shell
}

# What is run there, with the module if it is a block and alone if it is a script, has left in each stream.
function Invoke-InNewSession {
    param([object] $Command, [hashtable] $Parameter = @{})
    $shell = New-Session
    try {
        if ($Command -is [scriptblock]) {
            $null = $shell.AddScript("Import-Module '$PSScriptRoot/../../PreciseBn.psd1'").Invoke()
            $shell.Commands.Clear()
            $null = $shell.AddScript("$Command").AddParameters($Parameter)
        }
        else {
            $null = $shell.AddCommand($Command).AddParameters($Parameter)
        }
        [pscustomobject]@{
            Output   = @($shell.Invoke())
            Errors   = @($shell.Streams.Error)
            Warnings = @($shell.Streams.Warning.Message)
            Progress = @($shell.Streams.Progress)
            ExitCode = $shell.Runspace.SessionStateProxy.GetVariable('LASTEXITCODE')
        }
    }
    finally {
        $shell.Dispose()
    }
}

function Invoke-Example {
    param([string] $Name, [hashtable] $Parameter = @{})
    Invoke-InNewSession (Convert-Path "$PSScriptRoot/../../module/examples/$Name") $Parameter
}
