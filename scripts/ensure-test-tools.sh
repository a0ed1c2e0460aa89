#!/bin/sh
# Sees to the programs that the tests drive and that no Python wheel brings: Node 20+ with npm, Java 17+, Maven, Chromium.
# What is missing is installed on Debian when run as root; anywhere else one line per missing tool says so, and the exit
# code is 1.
set -eu

has() { command -v "$1" >/dev/null 2>&1; }

# Both print 0 for a program that does not start. Java may tell of JAVA_TOOL_OPTIONS before it tells its version.
node_major() { node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p' | grep . || echo 0; }
java_major() { java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | grep . || echo 0; }

has_node() { has node && has npm && [ "$(node_major)" -ge 20 ]; }
has_java() { has java && [ "$(java_major)" -ge 17 ]; }
has_maven() { has mvn; }
has_chromium() { has chromium || has chromium-browser || has google-chrome || has google-chrome-stable; }

missing() {
    has_node || echo "node|Node 20 or newer, with npm, from nodejs.org where the system's is older|nodejs npm"
    has_java || echo "java|Java 17 or newer|default-jre-headless"
    has_maven || echo "mvn|Maven|maven"
    has_chromium || echo "chromium|Chromium|chromium fonts-liberation"
}

report() {
    missing | while IFS='|' read -r tool name packages; do
        echo "$tool is missing: install $name (Debian: apt-get install $packages)" >&2
    done
}

[ -n "$(missing)" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! has apt-get; then
    report
    exit 1
fi

packages=$(missing | cut -d '|' -f 3 | tr '\n' ' ')
echo "Installing $packages" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # one word a package
apt-get install -y -qq --no-install-recommends $packages >/dev/null

if [ -n "$(missing)" ]; then
    # What Debian has may be too old, as Node is on bookworm.
    report
    exit 1
fi
