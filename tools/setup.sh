#!/bin/sh
# Builds .venv for the Makefile: finds a Python that is new enough, installs the pinned packages,
# and says in one sentence what is missing when something is.
set -u
venv=.venv

say() { printf '\nrdokit: %s\n' "$*" >&2; exit 1; }

# The first Python that is at least 3.11; $PYTHON alone when it was given.
good() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
python=
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    if command -v "$candidate" >/dev/null 2>&1 && good "$candidate"; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    first=${PYTHON:-python3}
    found=$("$first" -c 'import platform; print(platform.python_version())' 2>/dev/null) || found=
    if [ -n "$found" ]; then
        say "Python 3.11 or newer is needed and $first is $found: install one (Debian, Ubuntu: apt install python3.11 python3.11-venv) or name it: make PYTHON=/path/to/python3.11 demo"
    fi
    say "Python 3.11 or newer is needed and $first was not found: install one (Debian, Ubuntu: apt install python3 python3-venv) or name it: make PYTHON=/path/to/python3.11 demo"
fi

"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    say "$python has no venv module: install it (Debian, Ubuntu: apt install python3-venv) and repeat the command."

# A .venv of another or broken Python is made anew.
if ! good "$venv/bin/python"; then
    rm -rf "$venv"
    "$python" -m venv "$venv" || say "$python -m venv $venv failed: see the lines above."
fi

echo "Installing into $venv (the first time takes a minute or two; log: $venv/install.log) ..."
if ! "$venv/bin/python" -m pip install --disable-pip-version-check -e '.[lab,dev]' -c constraints.txt \
        > "$venv/install.log" 2>&1; then
    grep -i '^error' "$venv/install.log" | tail -n 3 >&2
    if grep -qiE 'connection|name resolution|network|timed out|proxy|ssl' "$venv/install.log"; then
        say "the packages could not be fetched: is there a network? Behind a proxy set HTTPS_PROXY, for a mirror PIP_INDEX_URL; details: $venv/install.log"
    fi
    say "the packages could not be installed; details: $venv/install.log"
fi
touch "$venv/.ready"
