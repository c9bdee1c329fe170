"""Secrets: values that may be sent and are never shown, and the masker that every text of ours passes.

The masker is one for the process (`mask`): a `Secret` tells it about itself when it is made, and error
texts pass it when they are made.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import html
import json
import re
import shlex
import urllib.parse

from . import errors

MASK = "********"
# Shorter secrets ("admin", "demo": the document's own) also stand in every table as plain names;
# masking them in output would make the output wrong. SECURITY.md says so.
MASKABLE = 6


class Secret:
    """A value that may be sent to a node and is never shown.

    >>> s = Secret("hunter22", "env:OS_PASSWORD")
    >>> s, str(s), f"{s}"
    (Secret(env:OS_PASSWORD), '********', '********')
    """

    __slots__ = ("_value", "source")

    def __init__(self, value: str, source: str = "given"):
        self._value, self.source = value, source
        mask.add(value)
        _no_dumps()

    def reveal(self) -> str:
        """The value itself; only for what is sent."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.source})"

    def __str__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self):
        raise TypeError("a Secret is not pickled: it would be written down")


@functools.cache
def _no_dumps() -> None:
    """A crash of a process that holds a secret does not write its memory into a file."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


class Masker:
    """Replaces every form in which a known secret could appear in text.

    Besides, the values of what looks like an assignment of a secret (CONFIG_…_PW=, OS_PASSWORD=, a URL's
    user:password@) are masked: packstack draws two dozen passwords that nobody told us.

    >>> m = Masker(); m.add("s3cret/word"); m("pass=s3cret/word&q=s3cret%2Fword")
    'pass=********&q=********'
    >>> m("+CONFIG_MYSQL_PW=e2ac7e58 / mysql://nova:e2ac@10.0.0.1/nova")
    '+CONFIG_MYSQL_PW=******** / mysql://nova:********@10.0.0.1/nova'
    """

    def __init__(self) -> None:
        self._pattern: re.Pattern[str] | None = None
        self._forms: set[str] = set()

    def add(self, value: str) -> None:
        """Mask this value, its shell-quoted, URL-quoted, HTML, JSON and base64 forms from now on."""
        if len(value) < MASKABLE:
            return
        self._forms |= _forms(value)
        longest_first = sorted(self._forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def __call__(self, text: str) -> str:
        if not text:
            return text
        text = self._pattern.sub(MASK, text) if self._pattern else text
        return _URL_PASSWORD.sub(rf"\1{MASK}@", _ASSIGNMENT.sub(rf"\1{MASK}", text))


_ASSIGNMENT = re.compile(
    r"(?<![A-Za-z0-9_])((?:\w+_)?(?:PW|PASSWORD|PASSWD|ADMIN_TOKEN|SECRET|ENC_KEY|SWIFT_HASH)"
    r"(?:[ \t]*=[ \t]*| : ))(?!\*{8})"
    r"(?:'[^']*'|\"[^\"]*\"|[^\s\"']+)", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(\b\w{1,20}://[^\s:/@]+:)[^\s:/@]+@")


mask = Masker()  # the process's own: every Secret that is made is known to it
errors.redact = mask


def _forms(value: str) -> set[str]:
    """The value as it is and as a shell, a URL, JSON, Python, HTML and base64 write it, also of its quoted word."""
    forms: set[str] = set()
    for text in (value, shlex.quote(value)):
        forms |= {text, urllib.parse.quote(text), urllib.parse.quote(text, safe=""), urllib.parse.quote_plus(text)}
        forms |= {text.encode("unicode_escape").decode(), repr(text)[1:-1]}
        forms |= {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
        pages = {html.escape(text, quote=quote) for quote in (False, True)}
        forms |= pages | {page.replace("&#x27;", "&#39;").replace("&quot;", "&#34;") for page in pages}
        forms |= _base64(text.encode("utf-8", "surrogateescape"))
    return {form for form in forms if len(form) >= MASKABLE}


def _base64(raw: bytes) -> set[str]:
    """What is the same in the base64 of any longer text that holds it, at each of the three alignments."""
    forms = set()
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw).decode()
        whole = coded[(shift * 8 + 5) // 6 : len(coded) - 4 if (shift + len(raw)) % 3 else len(coded)]
        forms |= {whole, whole.replace("+", "-").replace("/", "_")}
    return forms
