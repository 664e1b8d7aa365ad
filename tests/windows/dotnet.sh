# Makes the .NET, PowerShell and Pester of that Windows, of packages. Sourced by run.sh, which sets $cache.
# shellcheck shell=bash

readonly runner=tests/windows/Runner/Runner.csproj

# The versions are those of this machine's SDK, of the tool manifest and of the other tests.
unpack_dotnet() {
    local packages runtime powershell pester name
    { dotnet tool restore && dotnet restore "$runner" -v quiet; } || return
    packages=$(property NuGetPackageRoot)
    runtime=$(property BundledNETCoreAppPackageVersion)
    pester=$(property PesterVersion)
    powershell=$(sed -nE '/"powershell"/,/}/s/.*"version": *"([^"]+)".*/\1/p' .config/dotnet-tools.json)
    local complete=$cache/complete-$runtime-$powershell-$pester
    [ ! -e "$complete" ] || return 0
    rm -rf "$cache/dotnet" "$cache/pwsh" "$cache/Pester" "$cache"/complete-*
    for name in NETCore WindowsDesktop; do
        local from=$packages/microsoft.${name,,}.app.runtime.win-x64/$runtime/runtimes/win-x64
        local to=$cache/dotnet/shared/Microsoft.$name.App/$runtime
        mkdir -p "$to"
        find "$from/native" "$from"/lib/* -maxdepth 1 -type f -exec cp -t "$to" {} + || return
    done
    mkdir -p "$cache/dotnet/host/fxr/$runtime"
    cp "$cache/dotnet/shared/Microsoft.NETCore.App/$runtime/hostfxr.dll" "$cache/dotnet/host/fxr/$runtime/"
    cp -r "$packages/powershell/$powershell/tools"/*/any/win "$cache/pwsh" || return
    cp -r "$packages/pester/$pester/tools" "$cache/Pester" || return
    touch "$complete"
}

property() {
    dotnet msbuild "$runner" -getProperty:"$1"
}
