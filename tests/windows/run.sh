#!/usr/bin/env bash
# Runs the module and its tests in PowerShell for Windows, built from a checkout with CRLF line endings, as an ordinary user.
# That Windows is made of Wine and of packages; what it cannot do is skipped by name and listed. The last line has the counts.
#
# The parts come from Debian and NuGet once, and are kept in a folder that PRECISEBN_WINDOWS names (1 GB).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Readable for everybody, as other users' work is done with them; a checkout need not be.
readonly cache=${PRECISEBN_WINDOWS:-${TMPDIR:-/tmp}/precise-bn-windows} patience=1200
work=$(mktemp -d)
readonly work checkout=$work/checkout linux=$work/linux xunit=(tests/PreciseBn.Tests)
chmod a+rx "$work"
mkdir -m 777 "$work/logs"
# shellcheck source=tests/windows/wine.sh
. tests/windows/wine.sh
# shellcheck source=tests/windows/dotnet.sh
. tests/windows/dotnet.sh
# shellcheck source=tests/windows/checkout.sh
. tests/windows/checkout.sh
# shellcheck source=tests/windows/tests.sh
. tests/windows/tests.sh

skip() {
    echo "The Windows tests were skipped: $1."
    exit 0
}

stop() {
    local pid prefix
    for pid in $(jobs -p); do kill "$pid" 2> /dev/null || true; done
    for prefix in "$work"/windows-*; do [ ! -e "$prefix" ] || stop_wine; done
    rm -rf "$work"
}
trap stop EXIT

[ "$(id -u)" = 0 ] || skip "they need root, to run as another user than the one that builds"
[ "$(uname -sm)" = "Linux x86_64" ] || skip "Wine runs programs of its own processor only"
command -v dotnet > /dev/null || skip "they need the .NET SDK"
{ command -v apt-get && command -v script && command -v setpriv; } > /dev/null || skip "they need Debian's apt-get, script and setpriv"
mkdir -p "$cache"
[ -O "$cache" ] || skip "$cache belongs to somebody else"
prefix=$work as_user test -r "$cache" || skip "other users cannot read $cache: name another folder in PRECISEBN_WINDOWS"

{ install_libraries && unpack_wine; } || skip "Wine could not be had from Debian"
unpack_dotnet || skip "the packages of .NET for Windows could not be had"
copy_with_crlf "$checkout"
copy_with_crlf "$linux"
build_for_windows
run_here
at_the_same_time run_cmdlets run_xunit_1 run_xunit_2

echo "Skipped there:"
sort "$work/reasons"
read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$work/counts")
echo "Windows: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
