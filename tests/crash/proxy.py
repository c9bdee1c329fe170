"""A TCP proxy between client and node that loses the connection at a given moment, as cables and firewalls do.

It counts the packets from the client that are large enough to be a request; what is inside is encrypted and not its
business. `cut_at(n)` ends the connection with the n-th chunk of the client's bytes: before it is handed on, after it
was handed on, or when the answer to it comes back.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading

MOMENTS = ("request", "sent", "answer")


class Proxy:
    """Listens on a port of its own and hands everything on to another one."""

    def __init__(self, target: int):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.chunks, self.cut, self.moment, self.cuts = 0, 0, "request", 0
        self.refuse = False
        self._over = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at(self, chunk: int, moment: str = "request") -> None:
        """Lose the connection at that chunk from now on counted, once; 0 never."""
        self.chunks, self.cut, self.moment, self.cuts = 0, chunk, moment, 0

    def close(self) -> None:
        self._over.set()
        self.listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.refuse:
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.target)) as node:
            for one in (client, node):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting = False  # for the answer to the chunk at which to cut
            while not self._over.is_set():
                ready, _, _ = select.select([client, node], [], [], 0.5)
                for one in ready:
                    data = one.recv(1 << 16)
                    if not data or waiting and one is node:
                        self._lost(client, node, waiting)
                        return
                    if one is node:
                        client.sendall(data)
                        continue
                    self.chunks += 1
                    hit = self.chunks == self.cut and not self.cuts
                    if hit and self.moment == "request":
                        self._lost(client, node, True)
                        return
                    node.sendall(data)
                    if hit and self.moment == "sent":
                        self._lost(client, node, True)
                        return
                    waiting = waiting or hit

    def _lost(self, client: socket.socket, node: socket.socket, ours: bool) -> None:
        self.cuts += ours
        for one in (client, node):  # a reset, not a polite end
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
