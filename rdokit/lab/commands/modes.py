"""File modes as chmod, mkdir -m and umask read them: octal or u+rwx,g=o."""

from __future__ import annotations

import re

CLASS = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}
BITS = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}


def parse_mode(text: str, old: int, is_dir: bool, umask: int = 0) -> int:
    """The new mode.

    Raises:
        ValueError: not a mode.

    >>> oct(parse_mode("u=rw,go=r", 0, False)), oct(parse_mode("+x", 0o644, False)), oct(parse_mode("600", 0, False))
    ('0o644', '0o755', '0o600')
    """
    if re.fullmatch(r"[0-7]{1,5}", text):
        value = int(text, 8)
        if value > 0o7777:
            raise ValueError(text)
        return value | (old & 0o6000 if is_dir and len(text) <= 4 and value < 0o1000 else 0)
    mode = old
    for clause in text.split(","):
        match = re.fullmatch(r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)", clause)
        if not match:
            raise ValueError(text)
        who = match[1]
        mask = 0
        for letter in who or "a":
            mask |= CLASS[letter]
        limit = mask if who else mask & ~umask
        for op, perms in re.findall(r"([-+=])([rwxXstugo]*)", match[2]):
            bits = 0
            for letter in perms:
                if letter == "X":
                    bits |= 0o111 if is_dir or mode & 0o111 else 0
                elif letter in "ugo":
                    three = mode >> {"u": 6, "g": 3, "o": 0}[letter] & 7
                    bits |= three * 0o111
                else:
                    bits |= BITS[letter]
            bits &= limit | (0o1000 if "t" in perms and not who else 0)
            if op == "+":
                mode |= bits
            elif op == "-":
                mode &= ~bits
            else:
                keep = 0o6000 if is_dir else 0
                mode = (mode & (~mask | keep)) | bits
    return mode
