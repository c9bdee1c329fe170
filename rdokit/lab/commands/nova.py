"""`nova`: the compute client 2.15.0 of Havana (its subcommands live in clients/nova_servers.py and nova_rest.py)."""

from __future__ import annotations

from ..clients.nova_client import connect
from ..clients.nova_rest import COMMANDS as REST
from ..clients.nova_servers import COMMANDS as SERVERS
from ..clients.session import run
from ..clients.surface_nova import SURFACE
from ..process import Process, command

VERSION = "2.15.0"


@command("nova", package="python-novaclient")
async def nova(p: Process) -> int:
    """The compute service's client."""
    return await run(p, "nova", SURFACE, VERSION, SERVERS | REST, connect)
