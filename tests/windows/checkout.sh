# Makes copies of the checkout with CRLF line endings and builds them. Sourced by run.sh, which sets $work and $checkout.
# shellcheck shell=bash

# copy_with_crlf FOLDER: all that is text to Git, also what .gitattributes keeps from CRLF: the module must not rely on it.
copy_with_crlf() {
    local changed
    changed=$(git stash create)
    mkdir "$1"
    git archive "${changed:-HEAD}" | tar -x -C "$1"
    git ls-files --eol | sed -n 's/^i\/lf .*\t//p' | (cd "$1" && xargs -d '\n' perl -pi -e 's/\r?\n/\r\n/')
}

# A solution cannot be built for another platform, its projects can.
build_for_windows() {
    local project
    dotnet build "$runner" -c Release -o "$work/runner" --nologo -v quiet
    for project in src/PreciseBn.PowerShell tests/PreciseBn.UserModel tests/PreciseBn.OtherModules "${xunit[@]}"; do
        dotnet build "$checkout/$project" -c Release -r win-x64 --nologo -v quiet
    done
    for project in "${xunit[@]}"; do
        cp "$work/runner"/Runner.* "$checkout/$project/bin/Release/net10.0/"
    done
}
