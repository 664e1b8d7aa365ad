BeforeDiscovery {
    $root = Convert-Path "$PSScriptRoot/../.."
    $scripts = Get-ChildItem "$root/build.ps1", "$root/module/examples/*.ps1" |
        ForEach-Object { @{ Script = $_.FullName; Name = [System.IO.Path]::GetRelativePath($root, $_.FullName) } }
}

BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    . "$PSScriptRoot/Sessions.ps1"
}

Describe 'Get-Help of <Name>' -ForEach $scripts {
    BeforeAll {
        $help = Get-Help $Script -Full
    }

    It 'says what it does, and shows it' {
        $help.Synopsis | Should -Not -Match ([regex]::Escape((Split-Path $Script -Leaf)))
        $help.description[0].Text | Should -Not -BeNullOrEmpty
        @($help.examples.example).Count | Should -BeGreaterThan 0
    }

    It 'tells of every parameter' {
        $parameters = (Get-Command $Script).Parameters.Values |
            Where-Object { $_.Attributes.TypeId -contains [Parameter] -and $_.Name -notin [System.Management.Automation.Cmdlet]::CommonParameters }
        $parameters | Should -Not -BeNullOrEmpty
        foreach ($parameter in $parameters) {
            ($help.parameters.parameter | Where-Object name -EQ $parameter.Name).description.Text | Should -Not -BeNullOrEmpty -Because $parameter.Name
        }
    }
}

Describe 'The example for remote sessions' {
    It 'connects to no machine if it could not write in the end: <Kind>' -ForEach @(
        @{ Kind = 'a file is there'; Name = 'there.pt' }
        @{ Kind = 'there is no such folder'; Name = 'nowhere/new.pt' }
    ) {
        $mine = Join-Path $TestDrive 'there.pt'
        Set-Content $mine 'mine'
        $option = @{ HostName = 'nobody.invalid'; Module = 'x'; Model = 'x'; Data = 'x'; Destination = Join-Path $TestDrive $Name }
        { Invoke-Example remoting.ps1 $option } | Should -Throw "*$(Split-Path $Name -Leaf)*"
        Get-Content $mine | Should -Be 'mine'
        (Get-ChildItem $TestDrive).FullName | Should -Be $mine
    }
}
