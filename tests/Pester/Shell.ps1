<#
.SYNOPSIS
    PowerShell with the module, as a process of its own.
#>

# Runs a script in a new process, which has the module and starts in a folder, and gives what came of it.
function Invoke-PowerShell {
    param([scriptblock] $Script, [string[]] $ArgumentList = @(), [string] $Folder = $TestDrive, [hashtable] $Environment = @{ NO_COLOR = $null })
    $shell = [Environment]::ProcessPath
    $engine = @(if ((Split-Path $shell -LeafBase) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' })
    $module = (Resolve-Path "$PSScriptRoot/../../PreciseBn.psd1").ProviderPath.Replace("'", "''")
    $before = @{}
    foreach ($name in $Environment.Keys) {
        $before[$name] = (Get-Item "Env:$name" -ErrorAction Ignore).Value
        Set-Item "Env:$name" $Environment[$name]
    }
    Push-Location -LiteralPath $Folder
    try {
        $lines = & $shell @engine -NoProfile -NonInteractive -CommandWithArgs "Import-Module '$module'; $Script" @ArgumentList 2>&1
        $errors, $output = $lines.Where({ $_ -is [System.Management.Automation.ErrorRecord] }, 'Split')
        [pscustomobject]@{ ExitCode = $LASTEXITCODE; Output = $output; Errors = $errors.ForEach({ "$_" }) }
    }
    finally {
        Pop-Location
        foreach ($name in $before.Keys) {
            Set-Item "Env:$name" $before[$name]
        }
    }
}
