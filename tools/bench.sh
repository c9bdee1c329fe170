#!/bin/sh
# `make bench`: every benchmark, one after the other; ARGS goes to each of them.
set -u
status=0
for one in headless parsers remote; do
    printf '\n== benchmarks/%s.py\n' "$one"
    .venv/bin/python "benchmarks/$one.py" "$@" || status=1
done
exit $status
