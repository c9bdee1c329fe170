"""bash and sh as programs."""

from __future__ import annotations

from ..process import Process, command


@command("bash", path="/bin")
async def bash(p: Process) -> int:
    from ..shell.start import bash_main

    return await bash_main(p)
