@{
    RootModule           = 'module/bin/PreciseBn.PowerShell.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '5b1f7f0e-6d0c-4a3e-9f1c-2b8f3f6f7a41'
    Author               = 'PreciseBn contributors'
    CompanyName          = 'PreciseBn'
    Copyright            = 'Copyright (c) PreciseBn contributors. MIT license.'
    Description          = 'Recomputes the BatchNorm statistics of trained networks precisely from data: saved TorchScript models, without Python.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    # So that scripts can name [TorchSharp.torch] before any cmdlet has run.
    RequiredAssemblies   = @('module/bin/TorchSharp.dll')
    FormatsToProcess     = @('module/PreciseBn.Format.ps1xml')
    CmdletsToExport      = @(
        'Compare-BnStat'
        'Export-BnReport'
        'Export-BnStat'
        'Get-BnModule'
        'Import-BnStat'
        'Measure-BnStat'
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
    PrivateData          = @{
        PSData = @{
            Tags       = @('BatchNorm', 'PyTorch', 'TorchScript', 'TorchSharp', 'DeepLearning', 'PSEdition_Core', 'Windows', 'Linux')
            LicenseUri = 'https://opensource.org/license/mit'
        }
    }
}
