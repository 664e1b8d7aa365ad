@{
    RootModule           = 'module/bin/PreciseBn.PowerShell.dll'
    # Comes first, and says where the assemblies of the module and libtorch are.
    NestedModules        = @('module/bin/PreciseBn.Loading.dll')
    ModuleVersion        = '0.1.0'
    GUID                 = '5b1f7f0e-6d0c-4a3e-9f1c-2b8f3f6f7a41'
    Author               = 'PreciseBn contributors'
    CompanyName          = 'PreciseBn'
    Copyright            = 'Copyright (c) PreciseBn contributors. MIT license.'
    Description          = 'Recomputes the BatchNorm statistics of trained networks precisely, from real data and with the weights fixed: TorchScript models and exported programs, without Python. Needs the module PreciseBn.LibTorch of the platform, such as PreciseBn.LibTorch.win-x64, beside it.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    # So that scripts can name [TorchSharp.torch] before any cmdlet has run.
    RequiredAssemblies   = @('module/bin/TorchSharp.dll')
    FormatsToProcess     = @('module/PreciseBn.Format.ps1xml')
    TypesToProcess       = @('module/PreciseBn.Types.ps1xml')
    CmdletsToExport      = @(
        'Compare-BnStat'
        'Export-BnReport'
        'Export-BnStat'
        'Get-BnModule'
        'Import-BnStat'
        'Measure-BnAccuracy'
        'Measure-BnStat'
        'Merge-BnModel'
        'Merge-BnStat'
        'New-BnDataLoader'
        'Set-BnStat'
        'Test-BnModule'
        'Test-BnStat'
        'Update-BnStat'
    )
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    HelpInfoURI          = 'https://github.com/PreciseBn/PreciseBn.PowerShell/releases/latest/download/'
    PrivateData          = @{
        PSData = @{
            Tags         = @('BatchNorm', 'PyTorch', 'TorchScript', 'TorchSharp', 'DeepLearning', 'PSEdition_Core', 'Windows', 'Linux')
            LicenseUri   = 'https://github.com/PreciseBn/PreciseBn.PowerShell/blob/main/LICENSE'
            ProjectUri   = 'https://github.com/PreciseBn/PreciseBn.PowerShell'
            ReleaseNotes = 'https://github.com/PreciseBn/PreciseBn.PowerShell/blob/main/CHANGELOG.md'
        }
    }
}
