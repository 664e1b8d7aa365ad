# Runs tests in that Windows and counts them. Sourced by run.sh, which sets $work and $checkout.
# shellcheck shell=bash

passed=0 failed=0 skipped=0

# What README begins with, where line endings are CRLF: all of it on this system, and there what it runs once the module is built.
run_demos() {
    local here=$work/logs/here.log there=$work/logs/there.log
    (cd "$linux" && dotnet tool restore && dotnet tool run pwsh -NoProfile -NonInteractive -File build.ps1 -Task Demo) > "$here" 2>&1 || true
    count_demo "Demo on this system" "$here"
    run_powershell "$there" "$checkout/module/examples/digits.ps1"
    count_demo "Demo" "$there"
}

count_demo() {
    local counts='0 1 0'
    ! grep -q 'images after: *97\.1 %' "$2" || counts='1 0 0'
    count "$1" "$counts" "$2"
}

# The tests of the cmdlets, as ./build.ps1 -Task Test runs them.
run_pester() {
    local log=$work/logs/Pester.log result=$work/logs/Pester.json
    run_powershell "$log" "$checkout/tests/Pester/run.ps1" \
        -Pester "'$(windows_path "$cache/Pester/Pester.psd1")'" -Result "'$(windows_path "$result")'"
    count Pester "$(number Passed "$result") $(number Failed "$result") $(number Skipped "$result")" "$log"
    sed -nE 's/^ +"(.*)",?\r?$/\1/p' "$result" >> "$work/limits" || true
}

# run_xunit PROJECT: the tests of an assembly, one after the other.
run_xunit() {
    local name=${1##*/}
    local log=$work/logs/$name.log
    in_windows "$checkout/$1/bin/Release/net10.0/Runner.exe" "$name.dll" "$(windows_path "$log")" > "$log.console" 2>&1 || true
    count "$name" "$(tail -n 1 "$log" | tr -d '\r')" "$log"
    sed -nE 's/^SKIP ([^\r]*)\r?$/\1/p' "$log" >> "$work/limits" || true
}

# run_powershell LOG FILE [arguments]: runs a script; what it writes is the log.
run_powershell() {
    local log=$1 file
    file=$(windows_path "$2")
    shift 2
    in_windows "$cache/pwsh/pwsh.exe" -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command \
        "\$PSStyle.OutputRendering = 'PlainText'; & '$file' $* *>&1 | Out-File -Width 200 '$(windows_path "$log")'" > "$log.console" 2>&1 || true
}

# number NAME FILE: a number in a file of JSON.
number() {
    sed -nE "s/.*\"$1\": *([0-9]+).*/\1/p" "$2" || true
}

# count NAME "PASSED FAILED SKIPPED" LOG: what has no counts, or ran nothing, has failed.
count() {
    if [[ $2 =~ ^([0-9]+)\ ([0-9]+)\ ([0-9]+)$ ]] && [ $((BASH_REMATCH[1] + BASH_REMATCH[2])) -gt 0 ]; then
        passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
        echo "$1: ${BASH_REMATCH[1]} passed, ${BASH_REMATCH[2]} failed, ${BASH_REMATCH[3]} skipped, after $SECONDS s"
        [ "${BASH_REMATCH[2]}" = 0 ] || grep -E -A 15 '^FAIL|^ *\[-\]' "$3" || tail -n 40 "$3"
    else
        failed=$((failed + 1))
        echo "$1 ran no test, or ended before its time:"
        tail -n 40 "$3" "$3.console" 2> /dev/null || true
    fi
}
