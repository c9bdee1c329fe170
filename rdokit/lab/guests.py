"""SSH into instances: a small listener on 127.0.0.1 per guest, opened at the first connection.

An instance is an object of the nova helper: `.id`, `.state`, `.node` (compute node),
`.fs`, `.hostname`, `.authenticate(user, password, pubkey) -> bool` and, when it
wants its own commands, `.run(user, command_line, stdin) -> (status, stdout, stderr)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import Lab
    from .world import World


async def guest_port(world: World, guest: Any, lab: Lab | None) -> int | None:
    """The port of a guest's SSH server; None when it is not running."""
    import inspect

    opener = getattr(guest, "ssh_port", None)
    if opener is not None:
        result = opener(world, lab)
        return await result if inspect.isawaitable(result) else result
    return None
