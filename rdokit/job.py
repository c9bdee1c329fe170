"""Long work on a node that goes on without us: `yum update`, packstack.

A job is a folder on the node: the line, its log, its process, its exit status. Making the folder is what
starts it, so it cannot start twice; whoever comes next (the same cell, another kernel, another machine)
finds the folder and follows the log from where it wants.
"""

from __future__ import annotations

import hashlib
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass

from .errors import CommandError, CommandTimeout, ConnectionLost
from .node import Node
from .shell import Command, Result, Script

JOBS = "/var/lib/rdokit/jobs"
JOB_LIMIT = 7200.0  # seconds until a job is said to hang; it is not killed
CHUNK = 1 << 18  # bytes of log fetched at a time

# The whole line first, then the folder: whoever makes the folder starts it, and only that one, and only a whole line.
# Exit 17: the folder exists already. 18: the connection broke before all of the line had arrived; nothing was started.
_START = """umask 077; mkdir -p {jobs} || exit 1; line={jobs}/.line.$$; cat > $line
sum=$(sha256sum < $line); [ "${sum%% *}" = {sum} ] || { rm -f $line; exit 18; }
mkdir {folder} 2>/dev/null || { rm -f $line; exit 17; }
cat /proc/sys/kernel/random/boot_id > {folder}/boot; mv $line {folder}/line
nohup setsid bash -c 'cd; bash {folder}/line > {folder}/log 2>&1 < /dev/null
echo $? > {folder}/status.part; mv {folder}/status.part {folder}/status' > /dev/null 2>&1 < /dev/null &
echo $! > {folder}/pid"""

_STATE = """[ -d {folder} ] || { echo none; exit 0; }
if [ -e {folder}/status ]; then echo ended $(cat {folder}/status)
elif [ ! -s {folder}/boot ]; then echo starting
elif [ "$(cat {folder}/boot)" != "$(cat /proc/sys/kernel/random/boot_id)" ]; then echo rebooted
elif [ -e {folder}/pid ] && kill -0 $(cat {folder}/pid) 2>/dev/null; then echo running
elif [ -e {folder}/status ]; then echo ended $(cat {folder}/status)
elif [ -e {folder}/pid ]; then echo died; else echo starting; fi
tail -c +{start} {folder}/log 2>/dev/null | head -c {chunk}"""


@dataclass(frozen=True)
class JobState:
    """What a look at a job's folder says.

    Attributes:
        state: none | starting | running | ended | died | rebooted. The last two: cut off in the middle.
        status: exit status, once it ended.
        log: the log from the byte that was asked for, at most CHUNK bytes.
    """

    state: str
    status: int | None = None
    log: bytes = b""

    @property
    def over(self) -> bool:
        return self.state in ("ended", "died", "rebooted")


class Job:
    """A long command of a node.

    Args:
        node: where it runs.
        name: short, e.g. "packstack".
        command: the line. Another line of the same name is another job.
        attempt: a new attempt after one that is over is another job, too.
    """

    def __init__(self, node: Node, name: str, command: Command, attempt: str = "1"):
        self.node, self.name, self.command = node, name, command
        digest = hashlib.sha256(f"{command.sent}\0{attempt}".encode()).hexdigest()[:10]
        self.folder = f"{JOBS}/{name}-{digest}"

    def _script(self, template: str, title: str, **more: object) -> Script:
        text = template.replace("{folder}", shlex.quote(self.folder)).replace("{jobs}", JOBS)
        for key, value in more.items():
            text = text.replace("{" + key + "}", str(value))
        return Script(f"bash -c {shlex.quote(text)}", title=f"{title} job {self.name}")

    def look(self, start: int = 0) -> JobState:
        """How it stands; the log from byte `start` on. Only reads."""
        result = self.node.ask(self._script(_STATE, "look at", start=start + 1, chunk=CHUNK)).check()
        first, _, log = result.stdout.partition("\n")
        words = first.split()
        status = int(words[1]) if len(words) > 1 and words[1].isdigit() else None
        return JobState(words[0], status, log.encode("utf-8", "surrogateescape"))

    def start(self) -> bool:
        """Start it; False when it has been started before (by anyone).

        Raises:
            CommandError: the node cannot start it.
            ConnectionLost: whether it was started is not known; `look` tells.
        """
        line = self.command.sent.encode() + b"\n"
        script = self._script(_START, "start", sum=hashlib.sha256(line).hexdigest())
        result = self.node.run(script, stdin=line)
        if result.status not in (0, 17):
            raise CommandError(self.node.name, self.command.shown, result.status, result.output)
        return result.status == 0

    def follow(self, on_log: Callable[[bytes], None], *, limit: float = JOB_LIMIT,
               tick: Callable[[float], None] = lambda seconds: None) -> Result:
        """Hand over the log as it grows until the job is over.

        Args:
            on_log: called with new bytes of the log.
            limit: seconds until this gives up waiting; the job itself goes on.
            tick: called at each look with the seconds so far.

        Returns:
            Status None when the job was cut off (died, or its machine rebooted).

        Raises:
            CommandTimeout: it is still running after `limit` seconds.
        """
        start, offset, pause, text = time.monotonic(), 0, 0.05, bytearray()
        while True:
            state = self.look(offset)
            offset += len(state.log)
            text += state.log
            del text[: -CHUNK * 4]
            if state.log:
                on_log(state.log)
            tick(time.monotonic() - start)
            if state.over and not state.log:
                note = "" if state.state == "ended" else f"the job {state.state} before it ended"
                return Result(self.node.name, self.command.shown, state.status, text.decode("utf-8", "replace"),
                              seconds=time.monotonic() - start, note=note)
            if time.monotonic() - start > limit:
                raise CommandTimeout(self.node.name, self.command.shown, limit, text.decode("utf-8", "replace"),
                                     next_step=f"It goes on by itself: {self.folder}/log on {self.node.name}. Run the "
                                               "cell again to go on watching. If it hangs for good, end it there: "
                                               f"kill -- -$(cat {self.folder}/pid); then run the cell again.")
            if not state.log:
                time.sleep(pause)
                pause = min(pause * 1.3, 1.0)
            else:
                pause = 0.05

    def run(self, on_log: Callable[[bytes], None], **kw) -> tuple[bool, Result]:
        """Start it, or find it running or over; follow it to its end. True first when we started it."""
        try:
            ours = self.start()
        except ConnectionLost as lost:
            self.node.reconnect(60, lost)
            ours = False
            if self.look().state == "none":
                ours = self.start()
        return ours, self.follow(on_log, **kw)
