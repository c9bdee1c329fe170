r"""packstack's screen: finished, or while it is still running.

    Clean Up                                             [ DONE ]      a step, printed when it is over
    Setting up ssh keys...root@192.168.0.11's password:                the old form (Grizzly and before):
    Applying 192.168.0.11_prescript.pp                                 title first, state when over
    192.168.0.11_prescript.pp:                           [ DONE ]
    ERROR : Error appeared during Puppet run: …

States are coloured even in a pipe; on a terminal a spinner turns in place with carriage returns.
The exit status decides whether packstack succeeded; this tells how far it came, and why not further.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rdokit.errors import ParseError

TOOL = "packstack"

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STATE = re.compile(r"(?P<title>.*?)(?:\.\.\.)?\s*\[ ?(?P<state>DONE|ERROR) ?\]")
_MANIFEST = re.compile(r"(?P<host>[^_\s]+)_(?P<name>\S+)\.pp")
_SPINNER = re.compile(r"Testing if puppet apply is finished ?: (?P<manifest>\S+)\s*(?:\[ .? ?\]|OK)?\s*")
_PASSWORD = re.compile(r"(?P<title>.*?)(?:\.\.\.)?(?P<who>[A-Za-z_][\w-]*@[\w.:-]+)'s password: ?")
_LOG = re.compile(r"Please check log file (?P<path>\S+) for more information")
_PATHS = re.compile(r"The (?P<what>installation log file is|generated manifests are) available at: (?P<path>\S+)")
_REBOOT = re.compile(r"Because of the kernel update the host (?P<host>\S+) requires reboot\.")
_WORDS = ("Welcome to Installer setup utility", "Installing:", "Packstack changed given value", "Parameter ")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that packstack said.

    Attributes:
        kind: "started", "step" (over, with state), "applying", "applied" (over, with state), "waiting"
            (a turn of the spinner), "password" (it asks and waits), "error", "info" (of its last words),
            "finished" or "text".
        text: the step's title, the manifest's name without host and .pp, or the line.
        state: "DONE" or "ERROR" of a step or manifest.
        host: the node that a manifest or password is for.
    """

    kind: str
    text: str
    state: str = ""
    host: str = ""


@dataclass
class Log:
    """All that packstack said.

    Attributes:
        steps: {step, state} in order; state "DONE", "ERROR", or "" while it is under way.
        manifests: {host, manifest, state}, in order of starting.
        finished: whether it said that the installation completed.
        error: its error message, lines joined, "" for none.
        information: the items of its last words.
        reboot: hosts that must be rebooted before the kernel has network namespaces.
        log_path, manifests_path: where packstack says they are, "" when it does not.
        passwords: users that a password was asked for, as root@192.168.0.11.
    """

    steps: list[dict[str, str]] = field(default_factory=list)
    manifests: list[dict[str, str]] = field(default_factory=list)
    finished: bool = False
    error: str = ""
    information: list[str] = field(default_factory=list)
    reboot: list[str] = field(default_factory=list)
    log_path: str = ""
    manifests_path: str = ""
    passwords: list[str] = field(default_factory=list)


def parse(text: str, *, tool: str = TOOL) -> Log:
    """The whole of what is on the screen so far.

    Raises:
        ParseError: not a line of it is packstack's.

    >>> log = parse('''Welcome to Installer setup utility
    ... Clean Up                                             [ \\x1b[32mDONE\\x1b[0m ]
    ... Applying 192.168.0.11_mysql.pp
    ... ''')
    >>> log.steps, log.manifests
    ([{'step': 'Clean Up', 'state': 'DONE'}], [{'host': '192.168.0.11', 'manifest': 'mysql', 'state': ''}])
    """
    reader = Reader()
    events = reader.feed(text) + reader.close()
    if not any(e.kind != "text" or e.text.startswith(_WORDS) for e in events) and text.strip():
        number, line = next((n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip())
        raise ParseError("nothing here is packstack's", tool, number, line)
    return reader.log


class Reader:
    """Takes the screen in pieces as they arrive, cut anywhere, and says what is new in each.

    >>> reader = Reader()
    >>> reader.feed("Clean Up      [ DO"), reader.feed("NE ]\\nroot@192.168.0.11's password: ")
    ([], [Event(kind='step', text='Clean Up', state='DONE', host=''), Event(kind='password', text="root@192.168.0.11's password:", state='', host='192.168.0.11')])
    """  # noqa: E501

    def __init__(self) -> None:
        self.log = Log()
        self._rest = ""  # the line that has not ended yet
        self._told: set[str] = set()  # what was said of that line already
        self._mode = ""  # "error" or "info" while their lines go on

    def feed(self, piece: str) -> list[Event]:
        """What is new. A prompt and the spinner are told before their line ends."""
        *lines, self._rest = (self._rest + piece).split("\n")
        events: list[Event] = []
        for line in lines:
            events += self._line(line)
            self._told.clear()
        if self._rest:
            last = _COLOUR.sub("", self._rest).rpartition("\r")[2].rstrip()
            if last.endswith(("'s password:", "...")) or (last.endswith("]") and _SPINNER.fullmatch(last)):
                events += self._part(last)
        return events

    def close(self) -> list[Event]:
        """What the last line says when no newline will come any more."""
        rest, self._rest = self._rest, ""
        return self._line(rest) if rest else []

    def _line(self, line: str) -> list[Event]:
        line = _COLOUR.sub("", line)
        parts = [part.rstrip() for part in line.split("\r")]
        found = [event for part in parts if part.strip() for event in self._part(part)]
        if not any(part.strip() for part in parts):
            if self._mode == "error":
                self.log.error += "\n"
            elif self._mode == "info" and self.log.information:
                self._mode = ""
        return found

    def _part(self, part: str) -> list[Event]:
        if part in self._told:
            return []
        self._told.add(part)
        for read in (self._end_of_error, self._state, self._prompt, self._spinner, self._last_words, self._other):
            events = read(part)
            if events is not None:
                return events
        return []

    def _end_of_error(self, part: str) -> list[Event] | None:
        match = _LOG.fullmatch(part.strip())
        if match:
            self.log.log_path = match["path"]
            self.log.error = self.log.error.strip()
            self._mode = ""
            return [Event("text", part)]
        if self._mode == "error":
            if part.strip() == "Additional information:":
                return None
            self.log.error = f"{self.log.error.rstrip()}\n{part}"
            return [Event("text", part)]
        return None

    def _state(self, part: str) -> list[Event] | None:
        match = _STATE.fullmatch(part.strip())
        if not match:
            return None
        title, state = match["title"].strip(), match["state"]
        manifest = _MANIFEST.fullmatch(title.rstrip(" :"))
        if manifest:
            return [self._manifest(manifest, "applied", state)]
        open_steps = [step for step in self.log.steps if not step["state"] and title in ("", step["step"])]
        if open_steps:
            open_steps[-1]["state"] = state
            title = open_steps[-1]["step"]
        else:
            self.log.steps.append({"step": title, "state": state})
        return [Event("step", title, state)]

    def _manifest(self, match: re.Match, kind: str, state: str) -> Event:
        host, name = match["host"], match["name"]
        found = [m for m in self.log.manifests if (m["host"], m["manifest"], m["state"]) == (host, name, "")]
        if found:
            found[0]["state"] = state
        else:
            self.log.manifests.append({"host": host, "manifest": name, "state": state})
        return Event(kind, name, state, host)

    def _started(self, title: str) -> list[Event]:
        if not title or any(step["step"] == title and not step["state"] for step in self.log.steps):
            return []
        self.log.steps.append({"step": title, "state": ""})
        return [Event("started", title)]

    def _prompt(self, part: str) -> list[Event] | None:
        match = _PASSWORD.fullmatch(part.strip())
        if not match:
            return None
        self.log.passwords.append(match["who"])
        text = f"{match['who']}'s password:"
        if part.strip() != text:
            self._told.add(text)
        return [*self._started(match["title"].strip()), Event("password", text, host=match["who"].partition("@")[2])]

    def _spinner(self, part: str) -> list[Event] | None:
        match = _SPINNER.fullmatch(part)
        manifest = match and _MANIFEST.fullmatch(match["manifest"])
        return [Event("waiting", manifest["name"], host=manifest["host"])] if manifest else None

    def _last_words(self, part: str) -> list[Event] | None:
        text = part.strip()
        if text == "Additional information:":
            self._mode = "info"
            return [Event("text", part)]
        if self._mode != "info":
            return None
        if text.startswith("* ") or not self.log.information:
            self.log.information.append(text.removeprefix("* "))
        else:
            self.log.information[-1] += "\n" + text
        for match in _PATHS.finditer(text):
            if match["what"].startswith("installation"):
                self.log.log_path = match["path"]
            else:
                self.log.manifests_path = match["path"]
        self.log.reboot += [match["host"] for match in _REBOOT.finditer(text)]
        return [Event("info", text.removeprefix("* "))]

    def _other(self, part: str) -> list[Event] | None:
        text = part.strip()
        if text.startswith("Applying ") and (manifest := _MANIFEST.fullmatch(text.removeprefix("Applying "))):
            return [self._manifest(manifest, "applying", "")]
        if "Installation completed successfully" in text:
            self.log.finished = True
            return [Event("finished", text.strip("* "))]
        for sign in ("ERROR : ", "Error: ", "packstack: error: "):
            if text.startswith(sign):
                self.log.error = text.removeprefix(sign)
                self._mode = "error" if sign == "ERROR : " else ""
                return [Event("error", self.log.error)]
        if text.endswith("...") and not text.startswith("."):
            return self._started(text.removesuffix("..."))
        return [Event("text", part)]
