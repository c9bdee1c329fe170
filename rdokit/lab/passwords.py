"""/etc/shadow: SHA-512 crypt as CentOS 6 writes it, because Python 3.13 has no crypt module any more.

>>> sha512_crypt("Hello world!", "saltstring")[-13:]
'CoEOfaS35inz1'
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .fs import Filesystem

ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ROUNDS = 5000


@functools.lru_cache(maxsize=64)
def sha512_crypt(password: str, salt: str, rounds: int = ROUNDS) -> str:
    """`$6$salt$…` (Drepper's SHA-crypt specification)."""
    key, salt_raw = password.encode("utf-8", "surrogateescape"), salt.encode()[:16]
    sha = hashlib.sha512
    b = sha(key + salt_raw + key).digest()
    a = sha(key + salt_raw)
    count = len(key)
    a.update(b * (count // 64) + b[: count % 64])
    while count:
        a.update(b if count & 1 else key)
        count >>= 1
    digest = a.digest()
    p = sha(key * len(key)).digest()
    p = (p * (len(key) // 64 + 1))[: len(key)]
    s = sha(salt_raw * (16 + digest[0])).digest()
    s = (s * (len(salt_raw) // 64 + 1))[: len(salt_raw)]
    for number in range(rounds):
        c = sha(p if number & 1 else digest)
        if number % 3:
            c.update(s)
        if number % 7:
            c.update(p)
        c.update(digest if number & 1 else p)
        digest = c.digest()
    order = [(0, 21, 42)]
    for _ in range(20):
        x, y, z = order[-1]
        order.append(((y + 1), (z + 1), (x + 1)))
    out = "".join(_encode(digest[x] << 16 | digest[y] << 8 | digest[z], 4) for x, y, z in order)
    out += _encode(digest[63], 2)
    extra = f"rounds={rounds}$" if rounds != ROUNDS else ""
    return f"$6${extra}{salt_raw.decode()}${out}"


def _encode(value: int, digits: int) -> str:
    out = ""
    for _ in range(digits):
        out += ALPHABET[value & 63]
        value >>= 6
    return out


def check(hashed: str, password: str) -> bool:
    """Whether a password fits a field of /etc/shadow (locked accounts fit nothing)."""
    if not hashed.startswith("$6$"):
        return False
    parts = hashed.split("$")
    rounds, salt = ROUNDS, parts[2]
    if salt.startswith("rounds="):
        rounds, salt = int(salt[7:]), parts[3]
    return hmac.compare_digest(sha512_crypt(password, salt, rounds).encode(), hashed.encode())


def entry(fs: Filesystem, user: str) -> list[str] | None:
    """The fields of a user's line of /etc/shadow."""
    try:
        for line in fs.read_text("/etc/shadow").splitlines():
            if line.split(":")[0] == user:
                return line.split(":")
    except OSError:
        return None
    return None


def set_password(fs: Filesystem, user: str, password: str | None, salt: str = "") -> None:
    """Write a user's new password to /etc/shadow; None locks the account. The file is made when missing."""
    hashed = "!!" if password is None else sha512_crypt(password, salt or secrets.token_hex(4))
    today = str(int(time.time() // 86400))
    lines = fs.read_text("/etc/shadow").splitlines() if fs.exists("/etc/shadow") else []
    out, found = [], False
    for line in lines:
        parts = line.split(":")
        if parts[0] == user:
            parts += [""] * (9 - len(parts))
            parts[1], parts[2], found = hashed, today, True
        out.append(":".join(parts))
    if not found:
        out.append(f"{user}:{hashed}:{today}:0:99999:7:::")
    fs.write("/etc/shadow", "\n".join(out) + "\n")
    fs.chmod("/etc/shadow", 0)


def verify(fs: Filesystem, user: str, password: str) -> bool:
    """Whether somebody may log in with this password."""
    fields = entry(fs, user)
    return fields is not None and len(fields) > 1 and check(fields[1], password)
