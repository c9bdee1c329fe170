"""packstack's answer file (document Steps 8 and 9).

`[general]`, then `KEY=value`, nothing around the equals sign, values unquoted. Three keys
(CONFIG_VCENTER_HOST, _USER, _PASSWORD) are written twice by packstack Havana: both lines are changed.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping

from rdokit.edit import _lines
from rdokit.errors import EditError

PATH = "answer file"
_SETTING = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\s*[=:]\s*)(.*?)(\s*)", re.DOTALL)
_SECRET = re.compile(r"\w+(_PW|_PASSWORD|_TOKEN|_SECRET|_HASH|_ENC_KEY|_AKEY)")


def answers(text: str) -> dict[str, str]:
    """key → value; the last line of a key counts.

    Raises:
        EditError: no `[general]`, or a line that is no setting.

    >>> answers("[general]\\n# what it is\\nCONFIG_PROVISION_DEMO=y\\n")
    {'CONFIG_PROVISION_DEMO': 'y'}
    """
    found: dict[str, str] = {}
    _walk(_lines.split(text), lambda key, value: found.update({key: value}) or value)
    return found


def answer_file(text: str, values: Mapping[str, object]) -> str:
    """The answer file with these values.

    Args:
        text: what `packstack --gen-answer-file` wrote.
        values: key → value; every key must stand in the file already.

    Raises:
        EditError: an unknown key (the likeliest one is named), or a value that packstack would read
            as another one.

    >>> answer_file("[general]\\nCONFIG_PROVISION_DEMO=y\\n", {"CONFIG_PROVISON_DEMO": "n"})
    Traceback (most recent call last):
    rdokit.errors.EditError: answer file: no key CONFIG_PROVISON_DEMO; is CONFIG_PROVISION_DEMO meant?
    """
    wanted = {key: str(value) for key, value in values.items()}
    for key, value in wanted.items():
        if value != value.strip() or re.search(r"[\n\r\0]|\s;", value):
            raise EditError(f"{key}: {value!r} would be read as another value", PATH)
    lines = _lines.split(text)
    missing = set(wanted)
    known = []

    def change(key: str, value: str) -> str:
        known.append(key)
        missing.discard(key)
        return wanted.get(key, value)

    _walk(lines, change)
    for key in wanted:
        if key in missing:
            close = difflib.get_close_matches(key, known, 1)
            raise EditError(f"no key {key}" + (f"; is {close[0]} meant?" if close else ""), PATH)
    return _lines.join(lines, text)


def replace_address(text: str, old: str, new: str) -> str:
    """The answer file with one address instead of another in every value, comments left alone.

    Only whole addresses count: 192.168.1.110 does not hold 192.168.1.11. Lists and URLs are looked into.

    >>> print(replace_address("[general]\\nA=192.168.1.11,192.168.1.110\\n# 192.168.1.11\\n",
    ...                       "192.168.1.11", "192.168.0.11"), end="")
    [general]
    A=192.168.0.11,192.168.1.110
    # 192.168.1.11
    """
    pattern = _address(old)
    _address(new)
    lines = _lines.split(text)
    _walk(lines, lambda key, value: pattern.sub(new, value))
    return _lines.join(lines, text)


def keys_with_address(text: str, address: str) -> list[str]:
    """The keys whose value holds this address, in the file's order."""
    pattern = _address(address)
    return [key for key, value in answers(text).items() if pattern.search(value)]


def is_secret_answer(key: str) -> bool:
    """Whether a key holds a password or token, never to be shown.

    >>> is_secret_answer("CONFIG_KEYSTONE_ADMIN_PW"), is_secret_answer("CONFIG_SSH_KEY")
    (True, False)
    """
    return bool(_SECRET.fullmatch(key))


def masked_answers(text: str, mask: str = "********") -> str:
    """The answer file for showing: each password and token that is set is replaced by the mask."""
    lines = _lines.split(text)
    _walk(lines, lambda key, value: mask if value and is_secret_answer(key) else value)
    return _lines.join(lines, text)


def _address(address: str) -> re.Pattern:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise EditError(f"{address!r} is no address", PATH) from None
    return re.compile(rf"(?<![\w.:]){re.escape(address)}(?![\w]|\.\w)" if ":" in address else
                      rf"(?<![\w.]){re.escape(address)}(?![\w]|\.\w)")  # fmt: skip


def _walk(lines: list[str], change: Callable[[str, str], str]) -> None:
    """Call `change(key, value)` for each setting and put its answer in the line, in place."""
    section = None
    for i, line in enumerate(lines):
        content = _lines.body(line)
        if not content.strip() or content[0] in "#;":
            continue
        if content.startswith("[") and content.rstrip().endswith("]"):
            section = content.strip()[1:-1]
            continue
        match = _SETTING.fullmatch(content)
        if section != "general" or not match:
            raise EditError("KEY=value under [general] expected" if match else f"no setting: {content!r}", PATH, i + 1)
        new = change(match[1], match[3])
        if new != match[3]:
            lines[i] = _lines.with_body(line, match[1] + match[2] + new + match[4])
    if section is None:
        raise EditError("no [general]: is this an answer file?", PATH)
