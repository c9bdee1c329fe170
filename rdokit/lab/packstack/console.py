"""Packstack's screen: state lines, colours, the spinner, the log file.

Widths count the colour codes, as the genuine program does: "]" stands in
column 61 behind DONE and in column 59 behind ERROR.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..process import Process

GREEN, RED, PLAIN = "\033[32m", "\033[0;31m", "\033[0m"
WIDTH = 70


def state_line(title: str, state: str) -> str:
    r"""A title and how its step ended.

    >>> state_line("Clean Up", "DONE")
    'Clean Up                                             [ \x1b[32mDONE\x1b[0m ]'
    """
    colour = GREEN if state == "DONE" else RED
    return title + f"[ {colour}{state}{PLAIN} ]".rjust(WIDTH - len(title))


def red(text: str) -> str:
    return f"{RED}{text}{PLAIN}"


class Spinner:
    """`Testing if puppet apply is finished: …  [ / ]`, on a terminal only."""

    def __init__(self, p: Process):
        self.p, self.on = p, p.stdout.isatty()
        self.twirl = ["-", "\\", "|", "/"]
        self.longest = 0

    def show(self, manifest: str) -> None:
        self.longest = max(self.longest, len(manifest))
        if self.on:
            self.twirl = self.twirl[-1:] + self.twirl[:-1]
            text = f"\rTesting if puppet apply is finished: {manifest}".ljust(40 + self.longest)
            self.p.stdout.write(f"{text}[ {self.twirl[0]} ]")

    def wipe(self) -> None:
        if self.on:
            self.p.stdout.write("\r".ljust(45 + self.longest))


class Log:
    """/var/tmp/packstack/<stamp>/openstack-setup.log."""

    def __init__(self, p: Process, folder: str, debug: bool = False, secrets: tuple[str, ...] = ()):
        self.p, self.path, self.debug = p, f"{folder}/openstack-setup.log", debug
        self.secrets = list(secrets)
        p.node.fs.write(self.path, "", mode=0o600)

    def write(self, level: str, module: str, line: int, text: str) -> None:
        """One entry: `2014-05-23 10:11:12::INFO::shell::78::root:: text`; secrets are starred out."""
        if level == "DEBUG" and not self.debug:
            return
        for secret in self.secrets:
            text = text.replace(secret, "********")
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.p.world.clock.now()))
        self.p.node.fs.write(self.path, f"{when}::{level}::{module}::{line}::root:: {text}\n", append=True)

    def script(self, host: str, script: str) -> None:
        """A script that is sent to a server."""
        self.write("INFO", "shell", 78, f"[{host}] Executing script:\n{script}")

    def error(self, text: str) -> None:
        self.write("ERROR", "run_setup", 832, text)
