"""What happens to a login when its NIC, its sshd or its node goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncssh

from rdokit.lab import passwords
from rdokit.lab.server import Lab as Server

from .centos import Lab
from .cloud_shell import _key


def logged_in(work: Callable[[Server, asyncssh.SSHClientConnection], Awaitable[None]]) -> None:
    """Serve the two nodes and log in at node1."""
    world = Lab().world
    passwords.set_password(world.nodes["node1"].fs, "root", "practice", "saltsalt")

    async def go() -> None:
        server = Server(world, dict.fromkeys(world.nodes, _key()))
        await server.start()
        try:
            async with await connect(server) as conn:
                await work(server, conn)
        finally:
            await server.stop()

    asyncio.run(go())


async def connect(server: Server) -> asyncssh.SSHClientConnection:
    port = server.listeners["node1"].port
    return await asyncssh.connect("127.0.0.1", port, username="root", password="practice", known_hosts=None)


async def closed(conn: asyncssh.SSHClientConnection) -> bool:
    try:
        await asyncio.wait_for(conn.wait_closed(), 3)
    except TimeoutError:
        return False
    return True


def test_the_other_nic_may_go() -> None:
    async def work(server: Server, conn: asyncssh.SSHClientConnection) -> None:
        assert (await conn.run("ifdown eth1; echo done")).stdout == "done\n"
        assert (await conn.run("ip -4 -o addr | grep -c eth")).stdout == "1\n"

    logged_in(work)


def test_taking_down_the_nic_of_the_session_cuts_it() -> None:
    async def work(server: Server, conn: asyncssh.SSHClientConnection) -> None:
        await conn.run("ifdown eth0; sleep 5")
        assert await closed(conn)
        async with await connect(server) as again:  # by the other address
            assert (await again.run("ifup eth0; ip -4 -o addr show eth0")).stdout.startswith("2: eth0 ")

    logged_in(work)


def test_a_restart_of_the_network_does_not() -> None:
    async def work(server: Server, conn: asyncssh.SSHClientConnection) -> None:
        assert (await conn.run("service network restart")).exit_status == 0
        assert (await conn.run("hostname")).stdout == "node1.example.com\n"

    logged_in(work)


def test_reboot_ends_the_session_and_the_node_comes_back() -> None:
    async def work(server: Server, conn: asyncssh.SSHClientConnection) -> None:
        before = (await conn.run("cat /proc/sys/kernel/random/boot_id")).stdout
        await conn.run("reboot")
        assert await closed(conn)
        for _ in range(100):
            try:
                async with await connect(server) as again:
                    assert (await again.run("cat /proc/sys/kernel/random/boot_id")).stdout != before
                    return
            except (OSError, asyncssh.Error):
                await asyncio.sleep(0.05)
        raise AssertionError("node1 did not come back")

    logged_in(work)
