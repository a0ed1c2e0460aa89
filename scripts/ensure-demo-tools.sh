#!/bin/sh
# Sees to Java 17+ and Maven, which bring the demo its Elasticsearch. The demo runs without them, so this never fails.
set -u

java_major() { java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | grep . || echo 0; }

packages=
command -v java >/dev/null && [ "$(java_major)" -ge 17 ] || packages="$packages default-jre-headless"
command -v mvn >/dev/null || packages="$packages maven"
[ -n "$packages" ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$packages, for Elasticsearch" >&2
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # one word a package
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages >/dev/null && exit 0
fi
echo "Java 17 or newer and Maven are missing, so search will run on PostgreSQL (Debian: apt-get install$packages)" >&2
