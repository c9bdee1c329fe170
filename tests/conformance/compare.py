"""Whether two command outputs say the same, apart from what is drawn at random.

Identifiers, MAC addresses, tokens, keys and times differ between two clouds.
`Same` learns which identifier of the recording stands for which one of the lab
as they appear, and from then on holds both to it. Lists that the servers order
by their random identifiers are compared as sets of rows (`rows=True`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

HEX = "[0-9a-f]"
IDENTIFIER = re.compile(
    rf"MII[A-Za-z0-9+/=-]{{40,}}|req-{HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}"
    rf"|(?<![0-9a-f]){HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}"
    rf"|(?<![0-9a-f])(?:{HEX}{{32}}|{HEX}{{56}})(?![0-9a-f])|fa:16:3e(?::{HEX}{{2}}){{3}}"
    rf"|tap{HEX}{{8}}-{HEX}{{2}}"
    r"|(?<=reservation_id\s{1}\|\s)r-[a-z0-9]{8}|\br-[a-z0-9]{8}\b"
)
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
PASSWORD = re.compile(r"(?<=\| adminPass)( +\| )[2-9A-HJ-NP-Za-z]{12}(?= )")  # nova draws it
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?")
FIXED = {"9fe2ff9ee4384b1894a90878d3e92bab", "00000000000000000000000000000000"}


def skeleton(text: str) -> tuple[str, list[str]]:
    """A text with its random parts marked, and those parts in order."""
    found: list[str] = []

    def mark(match: re.Match[str]) -> str:
        if match[0] in FIXED:
            return match[0]
        found.append(match[0])
        return "\x00" * len(match[0]) if not match[0].startswith("MII") else "\x00token"

    text = re.sub(r"(?m)^bash: line \d+: ", "bash: ", text)  # newer shells number the line, CentOS 6's does not
    text = PASSWORD.sub(r"\1<12 letters>", PRIVATE_KEY.sub("<private key>", text))
    return TIME.sub("<time>", IDENTIFIER.sub(mark, text)), found


@dataclass
class Same:
    """The correspondence of identifiers between a recording and the lab."""

    ours: dict[str, str] = field(default_factory=dict)  # recorded -> the lab's
    theirs: dict[str, str] = field(default_factory=dict)

    def translate(self, text: str) -> str:
        """A recorded command line with the lab's identifiers."""
        return IDENTIFIER.sub(lambda m: self.ours.get(m[0], m[0]), text)

    def bind(self, recorded: list[str], actual: list[str]) -> bool:
        """Learn pairs; False when one contradicts what is known."""
        for one, other in zip(recorded, actual, strict=True):
            if self.ours.get(one, other) != other or self.theirs.get(other, one) != one:
                return False
        for one, other in zip(recorded, actual, strict=True):
            self.ours[one], self.theirs[other] = other, one
        return True

    def equal(self, recorded: str, actual: str, rows: bool = False) -> bool:
        """Whether two outputs are the same; with `rows`, in any order of the rows of a list."""
        one, two = skeleton(recorded), skeleton(actual)
        if one[0] == two[0] and not (rows and self._twins(recorded)) and self.bind(one[1], two[1]):
            return True
        if not rows:
            return False
        return any(self._equal_sets(split(recorded), split(actual)) for split in (_rows, _lines, str.splitlines))

    def _twins(self, recorded: str) -> bool:
        """Whether rows of a list differ in nothing but identifiers not seen before: which is which cannot be told."""
        keys = [self._key(r, recorded=True) for r in _rows(recorded) if skeleton(r)[1]]
        return len(set(keys)) < len(keys)

    def _equal_sets(self, left: list[str], right: list[str]) -> bool:
        """Whether two lists hold the same rows; those that differ only in identifiers not seen before stay unpaired."""
        if len(left) != len(right) or len(left) < 2:
            return False
        left.sort(key=lambda r: self._key(r, recorded=True))
        right.sort(key=lambda r: self._key(r, recorded=False))
        keys = [self._key(r, recorded=True) for r in left]
        if keys != [self._key(r, recorded=False) for r in right]:
            return False
        return all(
            self.bind(skeleton(one)[1], skeleton(other)[1])
            for key, one, other in zip(keys, left, right, strict=True)
            if keys.count(key) == 1
        )

    def learn(self, recorded: str, actual: str) -> None:
        """After a difference: take over what can be paired, so that later lines are judged on their own."""
        one, two = skeleton(recorded), skeleton(actual)
        if len(one[1]) == len(two[1]):
            for a, b in zip(one[1], two[1], strict=True):
                if a not in self.ours and b not in self.theirs:
                    self.ours[a], self.theirs[b] = b, a

    def _key(self, row: str, recorded: bool) -> tuple[str, str]:
        known = self.ours if recorded else {v: v for v in self.ours.values()}

        def mark(match: re.Match[str]) -> str:
            return known.get(match[0], "\x00" * len(match[0]))

        return skeleton(row)[0], IDENTIFIER.sub(mark, row)


def _rows(text: str) -> list[str]:
    """Rows of a table or csv; lines that continue a row stay with it."""
    out: list[str] = []
    for line in text.split("\n"):
        continues = out and (re.match(r"\|\s+\|", line) and out[-1].startswith("|"))
        if continues:
            out[-1] += "\n" + line
        else:
            out.append(line)
    return out


def _lines(text: str) -> list[str]:
    """Lines of a Field/Value table; the name of a cell of several lines does not stick to its first one."""
    lines = text.split("\n")
    for index, line in enumerate(lines[:-1]):
        name = re.match(r"\| \S+ +\|", line)
        if name and re.match(r"\|\s+\|", lines[index + 1]):
            lines[index] = "|" + " " * (len(name[0]) - 2) + "|" + line[len(name[0]) :]
            lines.append(name[0])
    return lines


def usage_line(text: str) -> str | None:
    """The last line of a usage error ("neutron net-list: error: ..."), or None when it is none."""
    for line in text.splitlines():
        if re.search(r"(^|: )error: ", line):
            return line
    return None


FINGERPRINT = re.compile(rf"(?:{HEX}{{2}}:){{15}}{HEX}{{2}}|SHA256:[A-Za-z0-9+/=]{{40,}}")


def without_fingerprints(text: str) -> str:
    """A table whose fingerprint column has no width: the recording's bench wrote another kind of fingerprint."""
    if not FINGERPRINT.search(text):
        return text
    return re.sub(r"[ -]{2,}", "  ", FINGERPRINT.sub("<fingerprint>", text))


def is_page(text: str) -> bool:
    """Whether this is a help or usage page, whose wording is not compared."""
    return text.lstrip().lower().startswith("usage:")


def wrong_argument(line: str) -> str:
    """What a usage error must agree in: program and the argument's name, or the whole sentence without choices."""
    line = re.sub(r" \(choose from.*", "", line)
    match = re.match(r"(.*error: argument [^:]*)(?::| is required)", line)
    if match:
        return match[1]
    line = re.sub(r"(ambiguous option: \S+).*", r"\1", line)
    return re.sub(r"\s+", " ", line).strip()
