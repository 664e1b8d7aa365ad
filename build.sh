#!/usr/bin/env bash
# Builds, tests and packages the module, and runs scripts with it, on machines that have no PowerShell.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage='Usage: ./build.sh [--install-libstdcxx] build | test | package | clean | run FILE.ps1 [arguments]'

# libtorch needs the C++ library of GCC 13.
has_new_libstdcxx() {
    [ "$(uname -s)" != Linux ] || grep -qsa 'GLIBCXX_3\.4\.32' /usr/lib/*/libstdc++.so.6 /usr/lib64/libstdc++.so.6
}

# Takes libstdc++6 from Debian 13, from the mirror that the machine uses already. Nothing else is kept of that suite.
install_libstdcxx() {
    local work mirror
    mirror=$(sed -nE 's/^(URIs:|deb( \[[^]]*\])?) *(https?:[^ ]*\/debian)\/?( .*)?$/\3/p' \
        /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2> /dev/null | head -n 1) || true
    work=$(mktemp -d)
    mkdir -p "$work/lists/partial"
    printf 'Types: deb\nURIs: %s\nSuites: trixie\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
        "${mirror:-http://deb.debian.org/debian}" > "$work/trixie.sources"
    local apt=(apt-get -q -o "Dir::Etc::SourceList=$work/trixie.sources" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$work/lists")
    [ "$(id -u)" = 0 ] || apt=(sudo "${apt[@]}")
    "${apt[@]}" update
    DEBIAN_FRONTEND=noninteractive "${apt[@]}" -y install --no-install-recommends libstdc++6
    rm -rf "$work"
}

require_libstdcxx() {
    if has_new_libstdcxx; then return; fi
    if [ "$install" = yes ] && command -v apt-get > /dev/null; then
        install_libstdcxx
    else
        echo "libtorch needs a newer libstdc++.so.6 (GLIBCXX_3.4.32): install the one of Debian 13, Ubuntu 24.04 or Fedora 38, or on Debian 12 run this again with --install-libstdcxx." >&2
        exit 1
    fi
}

install=no
if [ "${1:-}" = --install-libstdcxx ]; then
    install=yes
    shift
fi
task=${1:-}
[ $# -eq 0 ] || shift

case "$task" in
    build) dotnet build PreciseBn.PowerShell.sln -c Release --nologo "$@" ;;
    test)
        require_libstdcxx
        dotnet test PreciseBn.PowerShell.sln -c Release --nologo "$@"
        ;;
    package) dotnet pack src/PreciseBn.PowerShell -c Release --nologo --artifacts-path artifacts/build "$@" ;;
    clean) dotnet build PreciseBn.PowerShell.sln -c Release --nologo -t:Clean "$@" ;;
    run)
        [ $# -gt 0 ] || { echo "$usage" >&2; exit 64; }
        require_libstdcxx
        dotnet build src/PreciseBn.Host -c Release --nologo -v quiet
        exec dotnet src/PreciseBn.Host/bin/Release/net10.0/PreciseBn.Host.dll -File "$@"
        ;;
    *)
        echo "$usage" >&2
        exit 64
        ;;
esac
