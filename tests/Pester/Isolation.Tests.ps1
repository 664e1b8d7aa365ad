# Other modules bring other versions of packages that this module brings. Each order is a process of its own, as what is loaded stays.
BeforeDiscovery {
    $script:orders = foreach ($age in 'older', 'newer') {
        @{ Age = $age; Order = 'Other', 'PreciseBn' }
        @{ Age = $age; Order = 'PreciseBn', 'Other' }
    }
}

BeforeAll {
    . "$PSScriptRoot/Digits.ps1"

    # A module that has nothing but the assemblies of other people, and uses them.
    function New-OtherModule {
        param([string] $Age)
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive "$Age/Other") -Force).FullName
        Get-ChildItem "$PSScriptRoot/../PreciseBn.OtherModules/bin/*/net10.0/$Age/*" | Copy-Item -Destination $folder -Force
        $assemblies = Get-ChildItem $folder -Filter *.dll | Where-Object Name -NotLike 'lib*' | Select-Object -ExpandProperty Name
        Set-Content (Join-Path $folder 'Other.psm1') @'
function Get-OtherChecksum { [Convert]::ToHexString([System.IO.Hashing.Crc32]::Hash([byte[]](1, 2, 3))) }
function Get-OtherPicture {
    $bitmap = [SkiaSharp.SKBitmap]::new(2, 3)
    $image = [SkiaSharp.SKImage]::FromBitmap($bitmap)
    $image.Encode([SkiaSharp.SKEncodedImageFormat]::Png, 100).ToArray()[1..3]
}
function Get-OtherVersion { [SkiaSharp.SKBitmap].Assembly.GetName().Version.Major, [CsvHelper.CsvReader].Assembly.GetName().Version.Major }
'@
        New-ModuleManifest (Join-Path $folder 'Other.psd1') -RootModule Other.psm1 -RequiredAssemblies $assemblies -FunctionsToExport 'Get-Other*'
        Join-Path $folder 'Other.psd1'
    }
}

Describe 'Beside a module with <Age> packages, imported as <Order>' -Tag Once -ForEach $orders {
    BeforeAll {
        $manifests = @{ Other = New-OtherModule $Age; PreciseBn = Convert-Path "$PSScriptRoot/../../PreciseBn.psd1" }
        $script = Join-Path $TestDrive 'both.ps1'
        Set-Content $script @'
param($First, $Second, $Fixtures, $Folder)
$ErrorActionPreference = 'Stop'
Import-Module $First
Import-Module $Second
$images = New-BnDataLoader "$Fixtures/images" -Size 32 -CropSize 28 -BatchSize 2
$stats = Get-BnModule "$Fixtures/digits.exported-2.14.pt2" |
    Update-BnStat (New-BnDataLoader "$Fixtures/digits.calibration.npz" -Key images -Mean 0.1307 -StandardDeviation 0.3081) -Iterations 2 -Destination "$Folder/new.pt2" -Force
$stats | Export-BnReport "$Folder/report.png" -Force
$stats | Export-BnReport "$Folder/report.html" -Force
Set-Content "$Folder/table.csv" 'a,b', '1,2', '3,4'
[ordered]@{
    Layers    = $stats.Count
    Written   = @(Get-BnModule "$Folder/new.pt2").Count
    Images    = ($images.Read() | ForEach-Object { $_.Inputs[0].shape[0] } | Measure-Object -Sum).Sum
    Rows      = (New-BnDataLoader "$Folder/table.csv").Count
    Parquet   = (New-BnDataLoader "$Fixtures/tables/numbers.parquet" -ExcludeColumn hole).Count
    Report    = (Get-Item "$Folder/report.png").Length -gt 1000 -and (Get-Item "$Folder/report.html").Length -gt 1000
    Checksum  = Get-OtherChecksum
    Picture   = -join [char[]](Get-OtherPicture)
    OfOthers  = Get-OtherVersion
} | ConvertTo-Json
'@
        $shell = [Environment]::ProcessPath
        $engine = @(if ((Split-Path $shell -LeafBase) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' })
        $output = & $shell @engine -NoProfile -NonInteractive -File $script $manifests[$Order[0]] $manifests[$Order[1]] (Get-Fixture '') $TestDrive 2>&1
        $script:result = try { $output | Out-String | ConvertFrom-Json } catch { $output | Out-String }
    }

    It 'the module does all its work' {
        $result.Layers, $result.Written, $result.Images, $result.Rows | Should -Be 6, 6, 6, 2 -Because "$result"
        $result.Parquet | Should -BeGreaterThan 0
        $result.Report | Should -BeTrue
    }

    It 'so does the other, with its own versions' {
        $result.Checksum | Should -Be '1D80BC55'
        $result.Picture | Should -Be 'PNG'
        $result.OfOthers | Should -Be $(if ($Age -eq 'older') { 2, 27 } else { 4, 34 })
    }
}
