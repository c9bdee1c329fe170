"""/etc/sysctl.conf (document Step 2).

The document's own lines carry a remark behind the value (`net.ipv4.ip_forward = 1   #変更`). sysctl takes
them, because the kernel reads the leading number only; so the remark is kept and is not part of the value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from rdokit.edit import _lines
from rdokit.errors import EditError

PATH = "/etc/sysctl.conf"
_KEY = r"[^\s#;=-][^\s#;=]*"
_SETTING = re.compile(rf"(?P<head>\s*-?\s*(?P<key>{_KEY})\s*=[ \t]*)(?P<value>[^#;]*?)(?P<tail>\s*(?:[#;].*)?)")


def _dotted(key: str) -> str:
    # sysctl takes net/ipv4/ip_forward for net.ipv4.ip_forward; the first separator decides
    first = re.search(r"[./]", key)
    return key.replace("/", ".") if first and first[0] == "/" else key


def sysctl_values(text: str) -> dict[str, str]:
    """What the file sets; the last line of a key counts.

    >>> sysctl_values("net.ipv4.ip_forward = 1              #変更\\n# kernel.x = 1\\n")
    {'net.ipv4.ip_forward': '1'}
    """
    found = {}
    for line in _lines.split(text):
        match = _SETTING.fullmatch(_lines.body(line))
        if match:
            found[_dotted(match["key"])] = match["value"]
    return found


def sysctl_conf(text: str, values: Mapping[str, object]) -> str:
    """The file with these settings: lines that stand there are changed in place, missing ones are appended.

    Args:
        text: the file.
        values: key → value, without blanks or remarks around the value.

    Raises:
        EditError: a key or value that cannot stand on one line.

    >>> text = "net.ipv4.ip_forward = 0  # router\\n"
    >>> print(sysctl_conf(text, {"net.ipv4.ip_forward": 1, "vm.swappiness": 10}), end="")
    net.ipv4.ip_forward = 1  # router
    vm.swappiness = 10
    """
    wanted = {}
    for key, value in values.items():
        if not re.fullmatch(_KEY, key) or re.search(r"[#;\n\r\0]|^\s|\s$|^$", str(value)):
            raise EditError(f"{key} = {value} cannot stand in a line of it", PATH)
        wanted[_dotted(key)] = str(value)
    lines, seen = _lines.split(text), set()
    for i, line in enumerate(lines):
        match = _SETTING.fullmatch(_lines.body(line))
        key = _dotted(match["key"]) if match else None
        if match and key in wanted:
            seen.add(key)
            if match["value"].split() != wanted[key].split():
                lines[i] = _lines.with_body(line, match["head"] + wanted[key] + match["tail"])
    _lines.insert(lines, len(lines), (f"{key} = {value}" for key, value in wanted.items() if key not in seen))
    return _lines.join(lines, text)
