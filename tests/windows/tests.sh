# Runs tests in that Windows and counts them. Sourced by run.sh, which sets $work, $checkout and $linux.
# shellcheck shell=bash

# The demo on this system: its own build takes CRLF as well.
run_here() {
    local log=$work/logs/here.log
    (cd "$linux" && dotnet tool restore && dotnet tool run pwsh -NoProfile -NonInteractive -File build.ps1 -Task Demo) > "$log" 2>&1 || true
    count_demo "Demo on this system" "$log"
}

# What ./build.ps1 -Task Demo and -Task Test run of the cmdlets once the module is built.
run_cmdlets() {
    local log=$work/logs/demo.log result=$work/logs/Pester.json
    run_powershell "$log" "$checkout/module/examples/digits.ps1"
    count_demo Demo "$log"
    log=$work/logs/Pester.log
    run_powershell "$log" "$checkout/tests/Pester/run.ps1" \
        -Pester "'$(windows_path "$cache/Pester/Pester.psd1")'" -Result "'$(windows_path "$result")'"
    count Pester "$(number Passed "$result") $(number Failed "$result") $(number Skipped "$result")" "$log"
    sed -nE 's/^ +"(.*)",?\r?$/\1/p' "$result" >> "$work/reasons" || true
}

# The tests of the assemblies, shared between two runners.
run_xunit_1() { run_xunit 1; }
run_xunit_2() { run_xunit 2; }

run_xunit() {
    local project name log claims
    for project in "${xunit[@]}"; do
        name=${project##*/}
        log=$work/logs/$name-$1.log
        claims=$work/logs/$name-claims
        as_user mkdir -p "$claims"
        in_windows "$checkout/$project/bin/Release/net10.0/Runner.exe" "$name.dll" "$(windows_path "$log")" "$(windows_path "$claims")" \
            > "$log.console" 2>&1 || true
        count "$name, runner $1" "$(tail -n 1 "$log" | tr -d '\r')" "$log"
        sed -nE 's/^SKIP ([^\r]*)\r?$/\1/p' "$log" >> "$work/reasons" || true
    done
}

# at_the_same_time PART...: each in a Windows of its own, as tests look at what others leave behind.
at_the_same_time() {
    local part pids=()
    for part in "$@"; do
        (
            prefix=$work/windows-$part
            make_prefix
            "$part"
        ) > "$work/logs/$part.out" 2>&1 &
        pids+=($!)
    done
    for part in "$@"; do
        wait "${pids[0]}" || echo "0 1 0" >> "$work/counts"
        pids=("${pids[@]:1}")
        cat "$work/logs/$part.out"
    done
}

# run_powershell LOG FILE [arguments]: runs a script; what it writes is the log.
run_powershell() {
    local log=$1 file
    file=$(windows_path "$2")
    shift 2
    in_windows "$cache/pwsh/pwsh.exe" -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command \
        "\$PSStyle.OutputRendering = 'PlainText'; & '$file' $* *>&1 | Out-File -Width 200 '$(windows_path "$log")'" > "$log.console" 2>&1 || true
}

count_demo() {
    local counts='0 1 0'
    ! grep -qE '97\.10 .*digits\.precise\.pt' "$2" || counts='1 0 0'
    count "$1" "$counts" "$2"
}

# number NAME FILE: a number in a file of JSON.
number() {
    sed -nE "s/.*\"$1\": *([0-9]+).*/\1/p" "$2" || true
}

# count NAME "PASSED FAILED SKIPPED" LOG: what has no counts, or ran nothing, has failed.
count() {
    if [[ $2 =~ ^([0-9]+)\ ([0-9]+)\ ([0-9]+)$ ]] && [ $((BASH_REMATCH[1] + BASH_REMATCH[2])) -gt 0 ]; then
        echo "$2" >> "$work/counts"
        echo "$1: ${BASH_REMATCH[1]} passed, ${BASH_REMATCH[2]} failed, ${BASH_REMATCH[3]} skipped, after $SECONDS s"
        [ "${BASH_REMATCH[2]}" = 0 ] || grep -E -A 15 '^FAIL|^ *\[-\]' "$3" || tail -n 40 "$3"
        sed -nE "s/^FAIL |^ *\[-\] /FAILED $1: /p" "$3" | tr -d '\r'
    else
        echo "0 1 0" >> "$work/counts"
        echo "$1 ran no test, or ended before its time:"
        tail -n 40 "$3" "$3.console" 2> /dev/null || true
    fi
}
