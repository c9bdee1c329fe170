"""A node as the notebooks use it: run, ask, read, write, reboot, long jobs.

What protects the machine from half-done work is here: a file is replaced in one step and only when it
is still the one that was looked at; a reboot is proved by the boot id; a lost connection is made anew
for questions, and reported for changes, which only `plan` may send again, after looking.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shlex
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .errors import (
    CommandError,
    CommandTimeout,
    ConnectError,
    ConnectionLost,
    FileChanged,
    HostKeyError,
    LockedOut,
    RdokitError,
)
from .shell import Command, Result, Script, cmd
from .ssh import COMMAND_LIMIT, Connection, Door

PATIENCE = 60.0  # seconds that a lost connection is tried again for a question
REBOOT_LIMIT = 900.0  # seconds for a machine to come back

# sudo keeps the variable from its command; the environment of sudo itself still has it.
_RIDES = ("echo ${SSH_CONNECTION:-$(tr '\\0' '\\n' < /proc/$PPID/environ 2>/dev/null"
          " | sed -n 's/^SSH_CONNECTION=//p')}")
# Every program costs the node a millisecond or two, and each node's processor may be a slow one: hence few of them.
# Facts: mode, owner, group, time and SELinux label; a node without SELinux prints "?" for it, or nothing at all.
_FACTS = """s=$(stat -c "%a %U %G %Y %C" -- "$f" 2>/dev/null) || :
case $s in *" "*" "*" "*" "?*) ;; *) s=$(stat -c "%a %U %G %Y ?" -- "$f") || exit 1 ;; esac; printf "%s\\n" "$f" "$s"
"""
_READ = """f={path}; [ ! -L "$f" ] || f=$(readlink -f -- "$f") || f=
[ -e "$f" ] || { echo absent; exit 0; }; [ -f "$f" ] || { echo other; exit 0; }
""" + _FACTS + """cat -- "$f"
"""

# Write: complete, on disk and verified beside the file, then renamed over it, only if that is still the file looked at.
# The new file starts as a copy of the old one, so owner, mode, SELinux label and ACL stay. A writer whose machine went
# off may have left its file, or a backup that is still the file itself: both go first.
# Exit 90: changed meanwhile. 91: not all bytes arrived. 92: it may not be replaced (chattr +i).
_WRITE = """set -e; umask 077; f={path}; b={backup}; made=
read -r i < /proc/sys/kernel/random/boot_id; d="${f%/*}/.${f##*/}.rdokit"; t="$d.${i%%-*}.$$"
trap 'rm -f "$t" "$t.old" ${made:+"$made"}' EXIT; trap 'exit 94' HUP INT TERM
for x in "$d".*; do p=${x#"${t%.*}."}; [ ! -e "$x" ] || kill -0 "${p%.old}" 2>/dev/null || rm -f -- "$x"; done
for x in "$f".rdokit-*.bak; do [ ! "$x" -ef "$f" ] || rm -f -- "$x"; done
if [ -e "$f" ]; then cp -a -- "$f" "$t" && set -- "$t" "$f"; else : > "$t" && set -- "$t"; fi || exit 93
dd bs=65536 conv=fsync of="$t"
s=$(sha256sum -- "$@"); n=${s%% *}; o=${s##*$'\\n'}; o=${o%% *}
[ "${n#\\\\}" = {new} ] || exit 91
if [ $# = 2 ]; then [ "${o#\\\\}" = {old} ] || exit 90
if [ -n "$b" ] && [ ! -e "$b" ]; then
ln -- "$f" "$b" 2>/dev/null || { cp -a -- "$f" "$t.old" && mv -- "$t.old" "$b"; } || exit 1; made=$b; fi
else [ {old} = absent ] && [ ! -e "$f" ] || exit 90; chmod {mode} "$t"; restorecon "$t" 2>/dev/null || :; fi
mv -f -- "$t" "$f" || exit 92; trap - EXIT
""" + _FACTS


@dataclass(frozen=True)
class RemoteFile:
    """A file as it was read.

    Attributes:
        path: with links resolved (`/etc/neutron/plugin.ini` is one).
        data: its bytes; b"" when it does not exist.
        exists: whether it does.
        mode: octal text ("644"); owner, group: names; context: SELinux label or "?".
    """

    path: str
    data: bytes = b""
    exists: bool = True
    mode: str = ""
    owner: str = ""
    group: str = ""
    context: str = ""

    @property
    def text(self) -> str:
        """UTF-8; bytes that are not come back unchanged when written."""
        return self.data.decode("utf-8", "surrogateescape")

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest() if self.exists else "absent"


class Node:
    """One machine of the site.

    Args:
        door: how to get in.
        heard: called with sentences about things that must not stay silent (a reconnect).

    >>> Node(Door("node1", "192.168.0.11"))
    <Node node1 root@192.168.0.11>
    """

    def __init__(self, door: Door, heard: Callable[[str], None] = print):
        self.name = door.name
        self.connection = Connection(door)
        self._heard = heard

    def __repr__(self) -> str:
        return f"<Node {self.name} {self.connection.door.user}@{self.connection.door.address}>"

    def close(self) -> None:
        self.connection.close()

    def run(self, command: Command | str, *, stdin: bytes = b"", limit: float = COMMAND_LIMIT, on_output=None,
            tty: bool = False) -> Result:
        """Send a command once; see `Connection.run` for what it raises."""
        return self.connection.run(command, stdin=stdin, limit=limit, on_output=on_output, tty=tty)

    def ask(self, command: Command | str, *, limit: float = COMMAND_LIMIT) -> Result:
        """Run a command that only reads; when the connection breaks, connect again and repeat it (said aloud).

        Raises:
            ConnectError: it could not be made again within PATIENCE seconds.
        """
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return self.run(command, limit=limit)
            except ConnectionLost as lost:
                self.reconnect(end - time.monotonic(), lost)

    def reconnect(self, patience: float, lost: ConnectionLost) -> None:
        """Make the lost connection again.

        Raises:
            ConnectError: it cannot be made within `patience` seconds.
        """
        start = time.monotonic()
        self._heard(f"{self.name}: the connection was lost during: {lost.doing}; connecting again …")
        while True:
            try:
                self.connection.close()
                self.connection.transport()
                self._heard(f"{self.name}: connected again after {time.monotonic() - start:.1f} s")
                return
            except HostKeyError:
                raise
            except ConnectError:
                if time.monotonic() - start > patience:
                    raise
                time.sleep(0.5)

    # --- files ---------------------------------------------------------------------------------

    def read(self, path: str) -> RemoteFile:
        """A file with its owner and mode; `exists` is False when there is none.

        Raises:
            CommandError: it may not be read, or is a directory.
        """
        result = self.ask(Script(_READ.replace("{path}", shlex.quote(path)), title=f"read {path}"))
        if result.status != 0:
            raise CommandError(self.name, f"cat {shlex.quote(path)}", result.status, result.stderr)
        return self._file(path, result)

    def _file(self, path: str, result: Result, data: bytes | None = None) -> RemoteFile:
        """What _READ printed, or _WRITE of a file that holds `data`."""
        if result.stdout == "absent\n":
            return RemoteFile(path, exists=False)
        if result.stdout == "other\n":
            raise CommandError(self.name, f"cat {shlex.quote(path)}", 1, "is not a regular file")
        real, facts, text = result.stdout.split("\n", 2)
        mode, owner, group, _, context = facts.split(" ", 4)
        return RemoteFile(real, text.encode("utf-8", "surrogateescape") if data is None else data, True, mode, owner,
                          group, context)

    def write(self, path: str, data: bytes, *, seen: RemoteFile, backup: str = "", mode: str = "0644",
              limit: float = COMMAND_LIMIT) -> RemoteFile:
        """Replace a file in one step; owner, mode and SELinux label stay.

        Args:
            path: the file itself, not a link to it (`RemoteFile.path`).
            data: the new content.
            seen: what was read before; the write is refused when the file is another one now.
            backup: path of a copy of the old file, made once; "" for none.
            mode: of a file that did not exist.

        Returns:
            The file as it is now; its digest on the node proves that the bytes are `data`.

        Raises:
            FileChanged: somebody changed it since it was seen; nothing was written.
            CommandError: the node refused (read-only, full, immutable); the old file is untouched.
        """
        script = _WRITE.replace("{path}", shlex.quote(path))
        script = script.replace("{backup}", shlex.quote(backup)).replace("{mode}", mode)
        script = script.replace("{old}", seen.sha256).replace("{new}", hashlib.sha256(data).hexdigest())
        line = Script(script, title=f"write {path}")
        result = self.run(line, stdin=data, limit=limit)
        if result.status == 90:
            raise FileChanged(f"{self.name}:{path} is not what it was when it was looked at; nothing was written.",
                              next_step="Somebody else works on this file. Look again, then apply.")
        if result.status != 0:
            why = {91: "not all bytes arrived", 92: "it may not be replaced: lsattr shows whether it is immutable",
                   93: "no file can be made in its folder"}.get(result.status, "")
            # dd counts, whatever happens
            said = re.sub(r"(?m)^\d+(\+\d+ records| bytes) .*\n?", "", result.stderr).strip()
            raise CommandError(self.name, f"write {path}", result.status, "\n".join(x for x in (why, said) if x),
                               next_step="The old file is untouched. Is the file system full or read-only?")
        return self._file(path, result, data)

    # --- reboot ----------------------------------------------------------------------------------

    def boot_id(self) -> str:
        """Changes with every boot, and with nothing else."""
        return self.ask("cat /proc/sys/kernel/random/boot_id").check().stdout.strip()

    def reboot(self, *, limit: float = REBOOT_LIMIT, tick: Callable[[float], None] = lambda seconds: None) -> float:
        """Reboot and wait until the machine is back, proved by a new boot id.

        Args:
            limit: seconds to wait.
            tick: called about twice a second with the seconds so far.

        Returns:
            Seconds it took.

        Raises:
            HostKeyError: it came back with another host key.
            CommandTimeout: it did not come back.
        """
        before, start = self.boot_id(), time.monotonic()
        # The connection may go down before the command can answer: that is what we asked for.
        with contextlib.suppress(ConnectionLost, CommandTimeout):
            self.run("reboot", limit=30)
        self.wait_for_boot(before, limit=limit, tick=tick, start=start)
        return time.monotonic() - start

    def wait_for_boot(self, before: str, *, limit: float, tick=lambda seconds: None,
                      start: float | None = None) -> None:
        """Wait until the boot id is another one than `before`."""
        start = start or time.monotonic()
        last = "it still runs the boot it was to end"
        while time.monotonic() - start < limit:
            tick(time.monotonic() - start)
            try:
                result = self.connection.run("cat /proc/sys/kernel/random/boot_id", limit=15)
                if result and result.stdout.strip() != before:
                    return
            except HostKeyError:
                raise
            except RdokitError as error:
                last = error.what.splitlines()[0]
                self.connection.close()
            time.sleep(0.1 if time.monotonic() - start < 5 else 1.0)
        raise CommandTimeout(self.name, "reboot", limit, last, next_step="Look at the machine's console. When it is "
                             "up, run the cell again: it looks first.")

    def refuse_lockout(self, moved: Iterable[str]) -> None:
        """Stop before a change that would cut the connection it travels on (Steps 1 and 11).

        Args:
            moved: addresses that the change moves or removes.

        Raises:
            LockedOut: the session rides on one of them.
        """
        said = self.ask(_RIDES).stdout.split()
        rides = said[2] if len(said) == 4 else self.connection.door.host
        if rides in set(moved):
            raise LockedOut(f"{self.name}: this SSH session rides on {rides}, the address that is about to move.",
                            next_step=f"Set nodes.{self.name}.ssh.host to the private address and start again.")

    # --- is something of ours still running? --------------------------------------------------------

    def still_running(self, command: Command) -> bool:
        """Whether a command that we sent before the connection was lost is still at work on the node."""
        listing = self.ask("ps -eo args").stdout
        needle = " ".join(command.sent.split())
        return any(needle in " ".join(line.split()) for line in listing.splitlines() if not line.startswith("ps "))


def quoted(path: str) -> str:
    """A path for a line that is shown.

    >>> quoted("/root/my file")
    "'/root/my file'"
    """
    return cmd("{path}", path=path).sent
