#!/bin/sh
# `make demo`: a fresh practice lab, every phase headlessly, and where to look afterwards.
# The lab stays up, so that one can log in and look around; `rdokit lab down` ends it.
set -u
rdokit=.venv/bin/rdokit

"$rdokit" lab down >/dev/null || exit 1
if [ -s .lab/world.lab ]; then
    cp -p .lab/world.lab .lab/before-demo.lab &&
        echo "The practice lab that was here is kept; get it back with: $rdokit lab restore .lab/before-demo.lab"
fi
"$rdokit" lab reset || exit 1
"$rdokit" run
code=$?
if [ "$code" -eq 0 ]; then
    printf '\nThe practice lab is still up:\n'
    printf '  %-32s %s\n' "$rdokit lab status" "ports, and where the root password is" \
        "$rdokit lab ssh node1" "log in and look around" \
        "$rdokit run" "run everything again: 0 changes" \
        "make jupyter" "the same, cell by cell" \
        "$rdokit lab down" "stop it"
    printf '\nReport: %s\n' "$("$rdokit" report)"
else
    printf '\nStop the practice lab with: %s lab down\n' "$rdokit" >&2
fi
exit "$code"
