# The modules are published to a repository in a folder, and installed, updated and uninstalled as from a gallery, with a home of their own.
Describe 'The packages' -Tag Once {
    BeforeAll {
        if ($IsWindows) {
            return
        }
        $root = Convert-Path "$PSScriptRoot/../.."
        $platform = '{0}-{1}' -f $(if ($IsMacOS) { 'osx' } else { 'linux' }), [System.Runtime.InteropServices.RuntimeInformation]::ProcessArchitecture.ToString().ToLower()
        $shell = [Environment]::ProcessPath
        $engine = @(if ((Split-Path $shell -LeafBase) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' })
        $built = & $shell @engine -NoProfile -NonInteractive -File (Join-Path $root 'build.ps1') -Task Package -Platform $platform 2>&1
        if ($LASTEXITCODE -ne 0) {
            throw ($built | Out-String)
        }
        $packages = Join-Path $root 'artifacts/packages'
        $version = (Import-PowerShellDataFile (Join-Path $root 'PreciseBn.psd1')).ModuleVersion
        $libTorch = "PreciseBn.LibTorch.$platform"

        # What a script prints in a new process that has nothing but the home of this test.
        function Invoke-AtHome {
            param([scriptblock] $Script)
            $kept = @{}
            foreach ($name in 'HOME', 'NUGET_PACKAGES', 'PSModulePath', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME') {
                $kept[$name] = [Environment]::GetEnvironmentVariable($name)
                Set-Item "Env:$name" $(if ($name -in 'HOME', 'NUGET_PACKAGES') { Join-Path $TestDrive $name } else { $null })
            }
            try {
                $null = New-Item -ItemType Directory $env:HOME -Force
                $text = "`$ErrorActionPreference = 'Stop'; `$ProgressPreference = 'SilentlyContinue'; `$packages = '$packages'; `$fixtures = '$root/tests/fixtures'; `$drive = '$TestDrive'; $Script"
                & $shell @engine -NoProfile -NonInteractive -Command $text 2>&1 | ForEach-Object { "$_" }
            }
            finally {
                $kept.GetEnumerator() | ForEach-Object { Set-Item "Env:$($_.Key)" $_.Value }
            }
        }

        $null = New-Item -ItemType Directory (Join-Path $TestDrive 'gallery')
        $script:published = Invoke-AtHome {
            Register-PSResourceRepository Gallery -Uri "$drive/gallery" -Trusted
            foreach ($package in Get-ChildItem $packages -Filter *.nupkg) {
                Publish-PSResource -NupkgPath $package -Repository Gallery
            }
            Find-PSResource PreciseBn* -Repository Gallery | Sort-Object Name | ForEach-Object { "$($_.Name) $($_.Version)" }
        }
    }

    BeforeEach {
        if ($IsWindows) {
            Set-ItResult -Skipped -Because 'no environment variable says where modules lie on Windows, and those of the user would be changed'
        }
    }

    It 'are published under the names and versions of their manifests' {
        $published | Should -Be "PreciseBn $version", "$libTorch 0.107.0"
    }

    It 'tell a gallery what the manifest tells' {
        $found = Invoke-AtHome {
            $found = Find-PSResource PreciseBn -Repository Gallery
            $manifest = Import-PowerShellDataFile "$packages/PreciseBn/*/PreciseBn.psd1"
            $psData = $manifest.PrivateData.PSData
            $found.ProjectUri -eq $psData.ProjectUri
            $found.LicenseUri -eq $psData.LicenseUri
            $found.Description -eq $manifest.Description
            -not @($psData.Tags | Where-Object { $_ -notin $found.Tags })
        }
        $found | Should -Be @('True', 'True', 'True', 'True')
    }

    It 'name the package that is missing while there is no libtorch' {
        $null = Invoke-AtHome { Install-PSResource PreciseBn -Repository Gallery }
        $told = Invoke-AtHome {
            $layers = Get-BnModule "$fixtures/digits.scripted.pt"
            try { $layers | Update-BnStat "$fixtures/digits.calibration.npz" -InputKey images -Destination "$drive/none.pt" }
            catch { $_.FullyQualifiedErrorId; $_.Exception.Message }
            @($layers).Count
        }
        $told[0] | Should -Be 'TorchLibraryMissing,PreciseBn.PowerShell.UpdateBnStatCommand'
        $told[1] | Should -BeLike "*Install-PSResource $libTorch -Version 0.107.0*"
        $told[-1] | Should -Be 6
    }

    It 'do their job where they are installed, without a cache of NuGet' {
        $null = Invoke-AtHome { Install-PSResource (Find-PSResource PreciseBn.LibTorch.* -Repository Gallery).Name -Repository Gallery }
        $told = Invoke-AtHome {
            $loader = New-BnDataLoader "$fixtures/digits.calibration.npz" -Key images -Mean 0.1307 -StandardDeviation 0.3081
            $stats = Get-BnModule "$fixtures/digits.scripted.pt" | Update-BnStat $loader -Iterations 5 -Destination "$drive/precise.pt"
            "$(@($stats).Count) layers, $(@(Get-BnModule "$drive/precise.pt").Count) written"
            $stats | Export-BnReport "$drive/report.html"
            (New-BnDataLoader "$fixtures/images" -Size 32 -CropSize 28).Count
            (New-BnDataLoader "$fixtures/tables/numbers.parquet" -ExcludeColumn hole).BatchCount
            (Get-Help Update-BnStat).Synopsis
            (Get-Module PreciseBn).ModuleBase
            (Get-Process -Id $PID).Modules.FileName -like '*LibTorchSharp*'
        }
        $told[0..3] | Should -Be '6 layers, 6 written', 6, 1, 'Recomputes the statistics of BatchNorm layers from data, with the weights left as they are.'
        $modules = Join-Path $TestDrive 'HOME/.local/share/powershell/Modules'
        $told[4] | Should -Be (Join-Path $modules "PreciseBn/$version")
        $told[5] | Should -BeLike (Join-Path $modules "$libTorch/*/natives/*")
        Join-Path $TestDrive 'report.html' | Should -Exist
    }

    It 'are updated side by side, and the newest is taken' {
        $newer = Join-Path $TestDrive 'newer/PreciseBn'
        Copy-Item (Join-Path $packages "PreciseBn/$version") $newer -Recurse
        $manifest = Join-Path $newer 'PreciseBn.psd1'
        (Get-Content $manifest -Raw).Replace("'$version'", "'99.0.0'") | Set-Content $manifest
        $told = Invoke-AtHome {
            Publish-PSResource -Path "$drive/newer/PreciseBn" -Repository Gallery
            Update-PSResource PreciseBn -Repository Gallery
            (Get-InstalledPSResource PreciseBn | Sort-Object Version).Version.ForEach('ToString')
            @(Get-BnModule "$fixtures/digits.scripted.pt").Count
            (Get-Module PreciseBn).Version.ToString()
        }
        $told | Should -Be $version, '99.0.0', 6, '99.0.0'
        $older = (Invoke-AtHome { Import-Module PreciseBn -MaximumVersion 98.0; (Get-Module PreciseBn).Version.ToString() })
        $older | Should -Be $version
    }

    It 'are uninstalled without a trace' {
        $told = Invoke-AtHome {
            Uninstall-PSResource (Get-InstalledPSResource PreciseBn*).Name -Version *
            @(Get-Module PreciseBn* -ListAvailable).Count
        }
        $told | Should -Be 0
        Get-ChildItem (Join-Path $TestDrive 'HOME/.local/share/powershell/Modules') | Should -BeNullOrEmpty
    }
}
