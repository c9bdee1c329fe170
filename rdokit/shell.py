"""Command lines: values quoted, secrets masked, one object for what is sent and what is shown.

Nothing here runs anything; `ssh` sends a `Command`, `show` prints one.
"""

from __future__ import annotations

import re
import shlex
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from . import errors
from .errors import CommandError, ParameterError, RdokitError
from .secret import MASK, Secret, mask


@dataclass(frozen=True)
class Command:
    """One line for a node's shell, its holes filled.

    Attributes:
        template: the document's line with `{holes}`.
        values: what fills them; a callable is asked when the line is needed.
        rc: file that is sourced first (`keystonerc_admin`), "" for none.
    """

    template: str
    values: dict[str, object] = field(default_factory=dict)
    rc: str = ""

    @property
    def sent(self) -> str:
        """The line for the shell, secrets in clear, `rc` sourced."""
        return self.prologue + _fill(self.template, self.values, reveal=True)

    @property
    def prologue(self) -> str:
        """What is sent before the line: the sourcing of `rc`, shown once as a line of its own."""
        return f". {shlex.quote(self.rc)} && export PYTHONIOENCODING=utf8 && " if self.rc else ""

    @property
    def shown(self) -> str:
        """The line as a person types it, secrets masked; a value not known yet appears as `<hole>`."""
        return _fill(self.template, self.values, reveal=False)

    @property
    def lasting(self) -> str:
        """The same whenever it is asked: as shown, but what is only known later stays `<hole>`.

        >>> Command("nova delete {id}", {"id": lambda: "77"}).lasting
        'nova delete <id>'
        """
        def unknown() -> str:
            raise LookupError
        return _fill(self.template, {k: unknown if callable(v) else v for k, v in self.values.items()}, reveal=False)

    def __str__(self) -> str:
        return self.shown


@dataclass(frozen=True)
class Script(Command):
    """Our own plumbing: `template` is sent as it is, `title` is shown instead.

    >>> Script("cat -- /etc/hosts", title="read /etc/hosts").shown
    'read /etc/hosts'
    """

    title: str = ""

    @property
    def sent(self) -> str:
        return self.template

    @property
    def shown(self) -> str:
        return self.title

    lasting = shown


def cmd(template: str, *, rc: str = "", **values: object) -> Command:
    """The document's line with its holes filled; every value is quoted.

    Args:
        template: e.g. "neutron net-create {name} --tenant-id {tenant}"; `{{` is a brace.
        rc: file to source first.
        values: str, int, `Secret`, a list (several words), or a callable that returns one of these.

    Raises:
        ParameterError: a hole stands within quotes, a value holds a NUL, or a value that starts
            with "-" would be taken for an option.

    >>> cmd("neutron net-create {name} --tenant-id {tenant}", name="my net", tenant="$(reboot)").sent
    "neutron net-create 'my net' --tenant-id '$(reboot)'"
    >>> str(cmd("keystone user-create --pass {pw}", pw=Secret("hunter22")))
    'keystone user-create --pass ********'
    """
    command = Command(template, values, rc)
    holes = {name for _, name, _, _ in string.Formatter().parse(template) if name}
    if holes != set(values):
        raise ParameterError(f"{template!r}: holes {sorted(holes)} and values {sorted(values)} differ", source="cmd()")
    _fill(template, {k: "" if callable(v) else v for k, v in values.items()}, reveal=True)
    return command


def _fill(template: str, values: dict[str, object], *, reveal: bool) -> str:
    out: list[str] = []
    for literal, name, _, _ in string.Formatter().parse(template):
        out.append(literal)
        if name:
            before = "".join(out)
            if _inside_quotes(before):
                raise ParameterError(f"{template!r}: {{{name}}} stands within quotes; it is quoted by itself",
                                     source="cmd()")
            out.append(_word(name, values[name], own_word=not before or before[-1].isspace(), reveal=reveal))
    return "".join(out)


def _inside_quotes(text: str) -> bool:
    try:
        shlex.split(text, posix=True)
    except ValueError:
        return True
    return False


def _word(name: str, value: object, *, own_word: bool, reveal: bool) -> str:
    if callable(value):
        try:
            value = value()
        except (LookupError, RdokitError):
            if reveal:
                raise
            return f"<{name}>"
    if isinstance(value, (list, tuple)):
        return " ".join(_word(name, one, own_word=own_word, reveal=reveal) for one in value)
    secret = isinstance(value, Secret)
    if secret and not reveal:
        return MASK
    text = value.reveal() if secret else str(value)
    if "\0" in text:
        raise ParameterError(f"{name}: holds a NUL character, which no command line can carry", source="cmd()")
    if own_word and text.startswith("-") and len(text) > 1:
        shown = MASK if secret else repr(text)
        raise ParameterError(f"{name}: {shown} starts with a dash and would be taken for an option", source="cmd()")
    return shlex.quote(text)


@dataclass(frozen=True)
class Result:
    """How a command ended. True when its status is 0.

    Attributes:
        node: name of the node.
        command: the line as shown.
        status: exit status; None when the connection closed without one (as at a reboot).
        stdout, stderr: text, secrets masked where it is shown, not here.
        seconds: wall time.
        note: something the reader should know, e.g. that output was cut.
    """

    node: str
    command: str
    status: int | None
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    note: str = ""

    def __bool__(self) -> bool:
        return self.status == 0

    @property
    def output(self) -> str:
        """stdout and then stderr."""
        return self.stdout + self.stderr

    @property
    def lines(self) -> list[str]:
        return self.stdout.splitlines()

    def check(self, *expected: int, next_step: str = "") -> Result:
        """Itself when the status is expected (0 unless given).

        Raises:
            CommandError: it is another one.
        """
        if self.status not in (expected or (0,)):
            raise CommandError(self.node, self.command, self.status, self.output, next_step=next_step)
        return self

    def __repr__(self) -> str:
        return f"<Result {self.node}# {self.command}: {self.status}, {self.seconds:.2f} s>"


CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]"  # escape sequences
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"  # controls, C1 among them
    r"|[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # what turns the direction of reading


NO_TEXT = re.compile("[\ud800-\udfff]")


def plain(text: str) -> str:
    r"""Text without terminal escape sequences and other control characters; `\r` redraws keep the last state.

    Bytes that are no UTF-8 (they are kept as surrogates, so that files are written back as they were) become `\ufffd`.

    >>> plain("\x1b[32mDONE\x1b[0m\x07")
    'DONE'
    >>> plain("10%\r100%\n")
    '100%\n'
    """
    text = NO_TEXT.sub("\ufffd", CONTROL.sub("", text.replace("\r\n", "\n")))
    if "\r" not in text:
        return text
    return "\n".join(next((part for part in reversed(line.split("\r")) if part.strip()), "")
                     for line in text.split("\n"))


def narrow(text: str, width: int = 2000) -> str:
    """Lines that no screen can show are cut, and say so.

    >>> narrow("short\\n" + "x" * 50, width=10)
    'short\\nxxxxxxxxxx… 40 characters more'
    """
    if len(text) <= width:
        return text
    return "\n".join(line if len(line) <= width else f"{line[:width]}… {len(line) - width} characters more"
                     for line in text.split("\n"))


errors.redact = lambda text: narrow(mask(plain(text)))  # what a node printed may stand in an error, too


def shorten(lines: Iterable[str], first: int = 20, last: int = 20,
            keep: Callable[[str], bool] | None = None) -> list[str]:
    """The first and last lines and those that `keep` wants, with a mark where some are left out.

    >>> shorten(map(str, range(10)), 2, 2)
    ['0', '1', '… 6 lines left out …', '8', '9']
    """
    lines = list(lines)
    if len(lines) <= first + last + 1:
        return lines
    middle = lines[first : len(lines) - last]
    kept = [line for line in middle if keep and keep(line)][: first + last]
    return [*lines[:first], f"… {len(middle) - len(kept)} lines left out …", *kept, *lines[len(lines) - last :]]
