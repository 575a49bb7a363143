#!/bin/sh
# Run all tests with the environment in $1 (its bin folder). Called by `make test`.
# As root, missing Debian packages are installed. Otherwise what needs none runs, what did not run is listed,
# and the end is a failure: a run that left something out must not look like a whole one.
set -eu
cd "$(dirname "$0")/.."
BIN=$1
PATH=$PATH:/usr/sbin:/sbin

missing_packages() {
    grep -v '^#' .ci/system_packages.txt | while read -r _marker brought package; do
        # shellcheck disable=SC2086 # a path may be a pattern
        command -v "$brought" >/dev/null 2>&1 || ls $brought >/dev/null 2>&1 || printf '%s ' "$package"
    done
}

install_packages() {
    echo "· installing $* (once)"
    mkdir -p build
    # Runlevel 1: the package must not start a broker of its own on this machine.
    if ! { apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@"; } >build/apt.log 2>&1; then
        echo "· installing failed; the reason is in build/apt.log"
    fi
}

missing=$(missing_packages)
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086 # the list is to be split
    install_packages $missing
    missing=$(missing_packages)
fi

echo "· two at a time: the clinic's pages, other real processes, what is killed, then the rest by file"
status=0
"$BIN/python" -m pytest -q -n 2 --dist loadscope --no-loadscope-reorder tests || status=$?
# What did not run, and the line that changes it, stand just above pytest's summary (tests/conftest.py).
if [ -n "$missing" ] && [ "$status" = 0 ]; then
    status=1
fi
exit "$status"
