"""Ends this process at the n-th remote operation: before it is sent, while it is under way, or when it is done unread.

Only tests import this; the product has no such switch. An operation is one command sent to a node (reading,
writing, starting a job, rebooting: all of them are one); threads count together.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import signal
import threading
import urllib.parse
from collections.abc import Callable

from rdokit import ssh
from rdokit.errors import ConnectionLost

MODES = ("before", "during", "after")


class Counter:
    """Counts operations and does something at one of them.

    Args:
        point: number of the operation, from 1; 0 for none.
        mode: before | during | after; or "echo": the node fails there and repeats the line that it was sent.
        act: what is done there; SIGKILL of this process unless given.
        line: count only operations that show as this line.
    """

    def __init__(self, point: int = 0, mode: str = "before", act: Callable[[], None] | None = None, line: str = ""):
        self.point, self.mode, self.line = point, mode, line
        self.act = act or (lambda: os.kill(os.getpid(), signal.SIGKILL))
        self.count, self.lines = 0, []
        self._lock, self._mine = threading.Lock(), threading.local()

    def install(self) -> Counter:
        """Put it between `Connection` and the network."""
        run, send = ssh.Connection.run, ssh.Exchange._send
        counter = self

        def counted_run(connection, command, **kw):
            line = getattr(command, "lasting", command)
            with counter._lock:
                counted = not counter.line or line == counter.line
                counter.count += counted
                number = counter.count if counted else -1
                counter.lines.append((connection.door.name, line))
            counter._mine.number = number
            counter._at(number, "before")
            result = run(connection, command, **kw)
            counter._at(number, "after")
            return counter._echoed(result, command) if (number, "echo") == (counter.point, counter.mode) else result

        def counted_send(exchange, stdin):
            counter._at(getattr(counter._mine, "number", 0), "during")
            return send(exchange, stdin)
        ssh.Connection.run, ssh.Exchange._send = counted_run, counted_send
        return self

    @staticmethod
    def _echoed(result, command):
        """A node that fails and repeats what it was sent, as it is and in other forms."""
        sent = getattr(command, "sent", command)
        coded = [base64.b64encode(("x" * shift + sent).encode()).decode() for shift in range(3)]
        said = "\n".join([f"bash: line 1: {sent}", urllib.parse.quote(sent), json.dumps(sent), *coded])
        return dataclasses.replace(result, status=1, stdout=result.stdout + said + "\n", stderr=f"error: {said}\n")

    def _at(self, number: int, mode: str) -> None:
        if number == self.point and mode == self.mode:
            self.act()


def cut_connections() -> None:
    """Instead of a kill: the connection is gone, as the client sees it."""
    raise ConnectionLost("node", "test", "cut by the test")
