#!/bin/sh
# Makes .venv what uv.lock says; does nothing when it already is. Needs Python 3.11 or newer with venv, and nothing else.
# `ensure-venv.sh demo` leaves out what only developers need.
set -eu
cd "$(dirname "$0")/.."

UV=0.13.9

wanted=$(cat uv.lock pyproject.toml | cksum)
# What serves developers serves the demo too.
for marker in .venv/.ready ${1:+".venv/.ready-$1"}; do
    if [ -x .venv/bin/uv ] && [ "$(cat "$marker" 2>/dev/null)" = "$wanted" ]; then
        exit 0
    fi
done

python=
for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11 or newer is missing: install it (Debian: apt-get install python3 python3-venv)" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        echo "Installing python3-venv" >&2
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
    else
        echo "Python's venv is missing: install it (Debian: apt-get install python3-venv)" >&2
        exit 1
    fi
fi

echo "Setting up .venv" >&2
rm -f .venv/.ready*
[ -x .venv/bin/python ] || "$python" -m venv .venv
[ "$(.venv/bin/uv --version 2>/dev/null | cut -d ' ' -f 2)" = "$UV" ] ||
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV"
# The virtual environment of a caller must not be taken for ours. What the lock does not name, uv itself, stays.
env -u VIRTUAL_ENV .venv/bin/uv sync --frozen --quiet --inexact ${1:+--no-group dev}
echo "$wanted" > ".venv/.ready${1:+-$1}"
