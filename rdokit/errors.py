"""What can go wrong, and how it tells its story.

    RdokitError
    ├── ParameterError        the site file, an override or a notebook parameter is wrong       exit 2
    ├── SecretError           a secret's reference cannot be resolved                           exit 2
    ├── ConnectError          a node cannot be reached or does not let us in                    exit 1
    │   ├── HostKeyError      its host key is unknown, changed or revoked
    │   └── AuthError         it refuses the user's key or password
    ├── CommandError          a command ended with another status than expected
    │   └── CommandTimeout    it did not end within its limit
    ├── ConnectionLost        the connection broke while something was under way
    ├── FileChanged           somebody changed a file between look and apply
    ├── StepFailed            the fact is still wrong after applying
    ├── LockedOut             the change would cut the connection it travels on
    ├── ParseError            output is not of the form it should be
    └── EditError             a file is not of the form that an edit expects

Every message says what, where, and what to do next. `next_step` is kept apart
so that a report can show it on a line of its own.
"""

from __future__ import annotations

from collections.abc import Callable

redact: Callable[[str], str] = str  # `shell` puts its masker here: no secret reaches an error text


class RdokitError(Exception):
    """Base of all errors of ours.

    Args:
        what: what is wrong and where, one sentence.
        next_step: what the reader can do about it, one sentence.

    >>> print(RdokitError("node2 does not answer.", next_step="Is it switched on?"))
    node2 does not answer.
      → Is it switched on?
    """

    exit_code = 1

    def __init__(self, what: str, *, next_step: str = ""):
        self.what = redact(what)
        self.next_step = redact(next_step)
        super().__init__(self.what)

    def __str__(self) -> str:
        return f"{self.what}\n  → {self.next_step}" if self.next_step else self.what

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in a cell instead of a traceback: the message is the help."""
        return [f"{type(self).__name__}: {self}"]


class ParameterError(RdokitError, ValueError):
    """One or many faults of the parameters, all found at once.

    Args:
        faults: one line each, "field: value: rule. fix".
        source: the file (or place) they stand in.

    >>> print(ParameterError(["nodes.node1.nics.eth1.mac: put it in quotes"], source="params/x.yml"))
    params/x.yml: 1 fault, no node was touched:
      - nodes.node1.nics.eth1.mac: put it in quotes
    """

    exit_code = 2

    def __init__(self, faults: list[str] | str, *, source: str = "parameters", next_step: str = ""):
        self.faults = [faults] if isinstance(faults, str) else list(faults)
        self.source = source
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        lines = "".join(f"\n  - {fault}" for fault in self.faults)
        super().__init__(f"{source}: {count}, no node was touched:{lines}", next_step=next_step)


class SecretError(RdokitError, LookupError):
    """A secret's reference (env:NAME, file:PATH, ask) cannot be resolved."""

    exit_code = 2


class ConnectError(RdokitError, ConnectionError):
    """A node cannot be reached. `node` and `address` say which."""

    def __init__(self, node: str, address: str, cause: str, *, next_step: str = ""):
        super().__init__(f"{node} ({address}): {cause}", next_step=next_step)
        self.node, self.address, self.cause = node, address, cause


class HostKeyError(ConnectError):
    """The host key is unknown, changed or revoked; the message holds the fingerprints."""


class AuthError(ConnectError):
    """The node refuses the user's key or password."""


class CommandError(RdokitError):
    """A command ended with another status than expected.

    Args:
        node: where it ran.
        command: the line as shown (secrets masked).
        status: exit status; None when the connection ended before it was known.
        output: the end of what it printed.
    """

    def __init__(self, node: str, command: str, status: int | None, output: str = "", *, next_step: str = ""):
        tail = "\n".join("    " + line for line in output.rstrip().splitlines()[-12:])
        ended = "ended without a status" if status is None else f"exit status {status}"
        super().__init__(f"{node}# {command}\n  {ended}" + (f":\n{tail}" if tail else ""), next_step=next_step)
        self.node, self.command, self.status, self.output = node, command, status, redact(output)


class CommandTimeout(CommandError, TimeoutError):
    """A command did not end within its limit (seconds)."""

    def __init__(self, node: str, command: str, limit: float, output: str = "", *, next_step: str = ""):
        super().__init__(node, command, None, output, next_step=next_step)
        self.limit = limit
        self.what = f"{node}# {command}\n  did not end within {limit:g} s"
        self.args = (self.what,)


class ConnectionLost(RdokitError, ConnectionError):
    """The connection broke while something was under way; whether it happened is not known."""

    def __init__(self, node: str, doing: str, cause: str = "", *, next_step: str = ""):
        super().__init__(
            f"{node}: the connection was lost during: {doing}" + (f" ({cause})" if cause else ""),
            next_step=next_step or "Run the cell again: it looks first and goes on from what is so.",
        )
        self.node, self.doing = node, doing


class FileChanged(RdokitError):
    """Somebody changed a file between look and apply; nothing was written."""


class StepFailed(RdokitError):
    """The fact is still wrong after the step was applied."""


class LockedOut(RdokitError):
    """The change would move the address that the SSH session rides on."""


class ParseError(RdokitError, ValueError):
    """Output is not of the form it should be.

    Args:
        message: what was expected.
        tool: the command whose output it is.
        line_number: 1-based; 0 when the text as a whole is wrong.
        line: the offending line.
    """

    def __init__(self, message: str, tool: str = "", line_number: int = 0, line: str = ""):
        where = f"{tool or 'output'}" + (f", line {line_number}: {line!r}" if line_number else "")
        super().__init__(f"{where}: {message}")
        self.tool, self.line_number, self.line = tool, line_number, line


class EditError(RdokitError, ValueError):
    """A file is not of the form that an edit expects.

    Args:
        message: what was expected, and what to do.
        path: the file, as far as the edit knows it.
        line_number: 1-based; 0 when the file as a whole is wrong.
    """

    def __init__(self, message: str, path: str = "", line_number: int = 0):
        where = ":".join(str(x) for x in (path, line_number) if x)
        super().__init__(f"{where}: {message}" if where else message)
        self.path, self.line_number = path, line_number
