#!/bin/sh
# `make bench`: every benchmark, one after the other; ARGS goes to each of them.
set -u
status=0
for one in benchmarks/*.py; do
    printf '\n== %s\n' "$one"
    .venv/bin/python "$one" "$@" || status=1
done
exit $status
