BeforeDiscovery {
    Import-Module "$PSScriptRoot/../../PreciseBn.psd1"
    $script:cmdlets = (Get-Command -Module PreciseBn).Name
    $script:topics = Get-ChildItem "$PSScriptRoot/../../module/help/about_*.md" | Select-Object -ExpandProperty BaseName
}

BeforeAll {
    . "$PSScriptRoot/Digits.ps1"
    $script:manifest = Test-ModuleManifest "$PSScriptRoot/../../PreciseBn.psd1"
}

Describe 'The module' {
    It 'has a manifest that says where it is at home and what is new' {
        "$($manifest.PowerShellVersion)" | Should -Be '7.6'
        $manifest.CompatiblePSEditions | Should -Be 'Core'
        "$($manifest.ProjectUri)", "$($manifest.LicenseUri)", $manifest.HelpInfoUri, "$($manifest.ReleaseNotes)" | ForEach-Object { $_ | Should -BeLike 'https://*' }
        $manifest.HelpInfoUri | Should -BeLike '*/'
        $manifest.Tags | Should -Contain 'PSEdition_Core'
    }

    It 'exports every cmdlet that it has' {
        $assembly = (Get-Command Get-BnModule).ImplementingType.Assembly
        $all = $assembly.GetTypes() | Where-Object { -not $_.IsAbstract -and $_.IsSubclassOf([System.Management.Automation.Cmdlet]) }
        (Get-Command -Module PreciseBn).ImplementingType.Name | Sort-Object | Should -Be ($all.Name | Sort-Object)
    }

    It 'writes objects that have no members for C# alone' {
        $types = (Get-Command -Module PreciseBn).OutputType.Type | Where-Object { $_.Assembly.GetName().Name -eq 'PreciseBn' } | Sort-Object FullName -Unique
        $types.Count | Should -BeGreaterThan 5
        foreach ($type in $types) {
            # An object on which nothing is called.
            $members = [System.Runtime.CompilerServices.RuntimeHelpers]::GetUninitializedObject($type) | Get-Member -MemberType Methods
            $members.Name | Should -Be Equals, GetHashCode, GetType, ToString
        }
    }

    It 'has approved verbs' {
        Get-Command -Module PreciseBn | Where-Object Verb -NotIn (Get-Verb).Verb | Should -BeNullOrEmpty
    }
}

Describe 'Get-Help -Online' {
    BeforeAll {
        [System.Management.Automation.Internal.InternalTestHooks]::SetTestHook('BypassOnlineHelpRetrieval', $true)
    }

    AfterAll {
        [System.Management.Automation.Internal.InternalTestHooks]::SetTestHook('BypassOnlineHelpRetrieval', $false)
    }

    It 'leads to the page of <_>' -ForEach $cmdlets {
        Get-Help $_ -Online | Should -Be "Help URI: $($manifest.ProjectUri)/blob/main/module/help/$_.md"
        "$PSScriptRoot/../../module/help/$_.md" | Should -Exist
    }
}

Describe 'Get-Help' {
    It 'shows <_>' -ForEach $topics {
        $text = Get-Help $_ | Out-String
        $text | Should -Match $_
        $text | Should -Match 'SEE ALSO'
    }
}
