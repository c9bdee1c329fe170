"""A bash for the practice lab: real streams, real processes, real job control, no real machine.

Why our own: the `just-bash` package gathers all output into strings, runs `&` in
the foreground, and its parser takes `echo 'open` for a command and loops for
seconds on `fi` (measured with 0.2.1). A lab that a runbook drives over SSH needs
output as it is written, jobs that outlive the connection and exact error texts.

syntax (text -> tree)   expand (words -> arguments)   arith, testing
streams (pipes, files)   interp (the executor)   builtins   session (prompt)
"""
