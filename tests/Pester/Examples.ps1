<#
.SYNOPSIS
    The code that help and README print, and the files it speaks of.
#>

# The PowerShell blocks of a file of Markdown, each with its line and the last heading before it.
function Get-MarkdownExample {
    param([string] $Path)
    $heading = $code = $null
    $number = 0
    foreach ($line in Get-Content $Path) {
        $number++
        if ($null -ne $code) {
            if ($line -eq '```') {
                @{ File = Split-Path $Path -LeafBase; Heading = $heading; Line = $number - $code.Count; Code = $code -join "`n" }
                $code = $null
            }
            else {
                $code += @($line)
            }
        }
        elseif ($line -eq '```powershell') {
            $code = @()
        }
        elseif ($line -match '^#+ (.*)') {
            $heading = $Matches[1]
        }
    }
}

# What somebody types one after the other to run some code.
function Split-Statement {
    param([string] $Code)
    [scriptblock]::Create($Code).Ast.EndBlock.Statements.Extent.Text
}

# Fixtures by the names that a text gives them.
function Copy-ExampleFile {
    param([string] $Folder, [hashtable] $Name)
    foreach ($file in $Name.Keys) {
        Copy-Item (Get-Fixture $Name[$file]) (Join-Path $Folder $file) -Recurse
    }
}
