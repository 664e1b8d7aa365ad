#!/usr/bin/env bash
# Hands everything to build.ps1, in the PowerShell that .config/dotnet-tools.json names. With --install-libstdcxx as the first
# argument it first sees to a C++ library that is new enough for libtorch, where the system is an older Debian.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# libtorch needs the C++ library of GCC 13.
has_new_libstdcxx() {
    [ "$(uname -s)" != Linux ] || grep -qsa 'GLIBCXX_3\.4\.32' /usr/lib/*/libstdc++.so.6 /usr/lib64/libstdc++.so.6
}

# Takes libstdc++6 from Debian 13, from the mirror that the machine uses already. Nothing else is kept of that suite.
install_libstdcxx() {
    local work mirror
    command -v apt-get > /dev/null || { echo "--install-libstdcxx needs apt, which this system does not have." >&2; exit 1; }
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

if [ "${1:-}" = --install-libstdcxx ]; then
    shift
    has_new_libstdcxx || install_libstdcxx
fi
dotnet tool restore --verbosity quiet
exec dotnet tool run pwsh -NoProfile -NonInteractive -File build.ps1 "$@"
