# Makes Wine, and a prefix for an ordinary user, and runs programs there. Sourced by run.sh, which sets $cache, $work and $patience.
# shellcheck shell=bash

readonly wine=$cache/wine/usr/lib/wine/wine64
readonly user=nobody

# trixie ARGUMENTS...: apt-get with the packages of Debian 13, from the mirror that the system uses. Nothing is kept of them.
trixie() {
    local lists=$work/apt mirror
    local apt=(apt-get -q -o "Dir::Etc::SourceList=$lists/trixie.sources" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$lists/lists" -o "Dir::Cache=$lists/cache" -o APT::Sandbox::User=root -o DPkg::Lock::Timeout=300)
    if [ ! -e "$lists" ]; then
        mirror=$(sed -nE 's/^(URIs:|deb( \[[^]]*\])?) *(https?:[^ ]*\/debian)\/?( .*)?$/\3/p' \
            /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2> /dev/null | head -n 1) || true
        mkdir -p "$lists/lists/partial" "$lists/cache/archives/partial"
        printf 'Types: deb\nURIs: %s\nSuites: trixie\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
            "${mirror:-http://deb.debian.org/debian}" > "$lists/trixie.sources"
        "${apt[@]}" update || return
    fi
    DEBIAN_FRONTEND=noninteractive "${apt[@]}" "$@"
}

# What Wine and libtorch need of the system. The C++ library of Debian 13 brings its C library, which Wine was built for.
install_libraries() {
    local missing=() library present
    present=$(ldconfig -p)
    for library in libunwind.so.8:libunwind8 libfreetype.so.6:libfreetype6 libfontconfig.so.1:libfontconfig1; do
        [[ $present == *"${library%%:*}"* ]] || missing+=("${library##*:}")
    done
    dpkg --compare-versions "$(getconf GNU_LIBC_VERSION | cut -d ' ' -f 2)" ge 2.38 || missing+=(libstdc++6)
    [ ${#missing[@]} -eq 0 ] || trixie -y install --no-install-recommends "${missing[@]}"
}

# The packages are unpacked beside the system: Debian 12 has a Wine in which .NET dies at random.
unpack_wine() {
    local deb zlib=$cache/wine/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/zlib1.dll
    [ ! -e "$cache/wine/complete" ] || return 0
    mkdir -p "$work/debs"
    (cd "$work/debs" && trixie download wine64 libwine libz-mingw-w64) || return
    rm -rf "$cache/wine"
    mkdir -p "$cache/wine"
    for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$cache/wine" || return; done
    # The script of this name starts the server of the system's own Wine.
    ln -sf wineserver64 "$cache/wine/usr/lib/wine/wineserver"
    # What the package does when it is installed: mark zlib as a library of Wine's own, from byte 64 on.
    cp "$cache/wine/usr/x86_64-w64-mingw32/lib/zlib1.dll" "$zlib" || return
    { printf 'Wine builtin DLL'; head -c 16 /dev/zero; } | dd of="$zlib" bs=1 seek=64 conv=notrunc status=none || return
    touch "$cache/wine/complete"
}

make_prefix() {
    # Wine looks for its tables of characters in fixed places only. Those of another version will do.
    [ -e /usr/share/wine/nls ] || [ -e /usr/local/share/wine/nls ] || ln -sfn "$cache/wine/usr/share/wine" /usr/local/share/wine
    mkdir -p "$prefix"
    chown "$user:" "$prefix"
    as_user timeout 120 "$wine" wineboot -i
    as_user timeout 60 "$wine" winecfg -v win10
    as_user mkdir -p "$prefix/drive_c/work"
}

# Runs a command of this system as the user whom that Windows belongs to. KMP_AFFINITY: libtorch asks for the processors of NUMA
# nodes, which Wine does not tell. DOTNET_EnableAVX512: with registers of 512 bits, checksums
# were wrong there while another thread collected garbage, 549 of 13,925 in a trial, and none without. ONEDNN_MAX_CPU_ISA: Linux lets only
# those use the tiles of AMX who ask it to, and a program for Windows does not. PRECISEBN_FUZZ_MUTATIONS: what
# readers make of damage is the same everywhere but for paths and open files, and every file is slow there.
as_user() {
    setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups env -i PATH="$PATH" LANG=C.UTF-8 HOME="$prefix" \
        WINEPREFIX="$prefix" WINESERVER="${wine%64}server64" WINEDEBUG=-all DISPLAY= \
        WINEPATH="$(windows_path "$cache/dotnet");$(windows_path "$cache/pwsh")" DOTNET_ROOT="$(windows_path "$cache/dotnet")" \
        POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off \
        KMP_AFFINITY=disabled DOTNET_EnableAVX512=0 ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16 PRECISEBN_FUZZ_MUTATIONS=300 "$@"
}

# Programs that write to a console lose what they write where there is none: script(1) makes one. They start on drive C:.
in_windows() {
    (cd "$prefix/drive_c/work" && as_user timeout "$patience" script -qefc "$(printf '%q ' "$wine" "$@")" /dev/null < /dev/null)
}

stop_wine() {
    as_user "${wine%64}server64" -k 2> /dev/null || true
}

windows_path() {
    local path
    path=$(realpath -m "$1")
    echo "Z:${path//\//\\}"
}
